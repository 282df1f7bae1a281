//! Shows volumes to the hosts of the site, or takes them away: a link that is there or not.

use std::path::Path;

use muster_contract::Receipt;
use muster_plans::id::ConsistencyGroupId;

use crate::disk;
use crate::error::{Stop, missing, not_now};
use crate::store::{Cdp, Group};
use crate::users::{self, Open};

impl Cdp {
    pub(crate) async fn mount_group(
        &self,
        id: &ConsistencyGroupId,
        on: bool,
    ) -> Result<Receipt, Stop> {
        let group: &Group = &*self.group(id)?;
        let leg = group.leg.lock().await;
        let (live, shown) = (self.layout.live(id)?, self.layout.shown(id)?);
        if self.mounted(group) == on {
            return Ok(self.receipt(true));
        }
        if on {
            if !self.lets_begin(group, &leg) {
                return Err(not_now(self.why_closed(group, &leg)).into());
            }
            disk::link(&shown, &live).map_err(Stop::unknown)?;
            return Ok(self.receipt(false));
        }
        self.hide(&live, &shown, id.as_str()).await
    }

    pub(crate) async fn mount_clone(&self, name: &str, on: bool) -> Result<Receipt, Stop> {
        let (path, shown) = (self.layout.clone(name)?, self.layout.shown_clone(name)?);
        let _turn = self.cloning.lock().await;
        if !path.is_dir() {
            return Err(missing(format!("the clone {name}")).into());
        }
        if disk::linked(&shown) == on {
            return Ok(self.receipt(true));
        }
        if on {
            disk::link(&shown, &path).map_err(Stop::unknown)?;
            return Ok(self.receipt(false));
        }
        self.hide(&path, &shown, name).await
    }

    async fn hide(&self, path: &Path, shown: &Path, name: &str) -> Result<Receipt, Stop> {
        if let Some(user) = users::of(path, Open::AtAll).await? {
            return Err(not_now(format!("{user} has files of {name} open")).into());
        }
        disk::remove(shown).map_err(Stop::unknown)?;
        Ok(self.receipt(false))
    }

    fn receipt(&self, already: bool) -> Receipt {
        Receipt { already, at: Some(self.now()), note: None }
    }
}
