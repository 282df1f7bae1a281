//! Points: kept and given up.

use muster_adapter_pair::{Leg, decide, point};
use muster_plans::id::RecoveryPointId;

use super::{Cdp, Group};
use crate::disk;
use crate::error::Error;

impl Cdp {
    /// Removes what is not kept.
    pub(crate) async fn prune(&self, group: &Group, leg: &Leg) -> Result<(), Error> {
        let look = self.look(&group.id).await?;
        let held = [leg.shipped.as_ref(), leg.sealed.as_ref(), leg.promoted.as_ref()];
        let mut old = Vec::new();
        for point in decide::prune(&look.points, self.config.keep, &held) {
            old.push(self.layout.point(&group.id, &point)?);
        }
        let folder = self.layout.points(&group.id)?;
        let keep = self.config.keep;
        disk::blocking(move || {
            let names = disk::names(&folder)?.into_iter().rev();
            let given_up = names.filter(|name| name.starts_with(&point::before("")));
            old.extend(given_up.skip(keep).map(|name| folder.join(name)));
            old.iter().try_for_each(|path| disk::remove_all(path))
        })
        .await
    }

    /// Keeps the live files under another name, so that something else can take their place.
    pub(crate) async fn keep_live(&self, group: &Group) -> Result<(), Error> {
        let live = self.layout.live(&group.id)?;
        if !live.is_dir() {
            return Ok(());
        }
        let folder = self.layout.points(&group.id)?;
        let names: Vec<RecoveryPointId> = disk::names(&folder)?
            .iter()
            .map(|name| name.strip_prefix(&point::before("")).unwrap_or(name).into())
            .collect();
        let name = point::before(point::next(self.now(), &names).as_str());
        let to = folder.join(name);
        std::fs::rename(&live, &to).map_err(Error::io("cannot put aside", &live))?;
        disk::settle(&to)
    }

    /// Keeps points under names that nobody recovers to.
    pub(crate) fn give_up(&self, group: &Group, points: &[RecoveryPointId]) -> Result<(), Error> {
        let folder = self.layout.points(&group.id)?;
        for point in points {
            let from = self.layout.point(&group.id, point)?;
            let to = folder.join(point::before(point.as_str()));
            disk::remove_all(&to)?;
            std::fs::rename(&from, &to).map_err(Error::io("cannot rename", &from))?;
        }
        Ok(())
    }
}
