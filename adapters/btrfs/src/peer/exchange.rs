//! Both sites tell each other what they are.

use std::collections::BTreeMap;

use muster_plans::id::ConsistencyGroupId;

use super::{Answer, Hello};
use crate::error::Error;
use crate::store::Btrfs;
use crate::users::{self, Open};
use muster_adapter_pair::{Report, leads};

impl Btrfs {
    /// Says hello and hears the answer.
    pub(crate) async fn exchange(&self, look: bool) -> Result<Answer, Error> {
        let hello = Hello {
            site: self.site.clone(),
            fences: self.fence().raised,
            legs: self.reports().await?,
            look,
        };
        let answer = self.client.hello(&hello).await?;
        if answer.site != *self.peer_site() {
            let (found, wanted) = (&answer.site, self.peer_site());
            return Err(Error::Silent(format!("it is `{found}` and not `{wanted}`")));
        }
        self.hear(answer.fences, &answer.legs).await?;
        Ok(answer)
    }

    /// Answers.
    pub(crate) async fn welcome(&self, hello: &Hello) -> Result<Answer, Error> {
        self.hear(hello.fences, &hello.legs).await?;
        let writers = if hello.look { Some(self.writers().await?) } else { None };
        Ok(Answer {
            site: self.site.clone(),
            fences: self.fence().raised,
            legs: self.reports().await?,
            writers,
        })
    }

    async fn reports(&self) -> Result<BTreeMap<ConsistencyGroupId, Report>, Error> {
        let mut reports = BTreeMap::new();
        for group in self.groups() {
            let leg = group.leg.lock().await;
            reports.insert(group.id.clone(), self.report(&group, &leg).await?);
        }
        Ok(reports)
    }

    /// Who may still write here: legs that let writes through, and whoever has files open since before
    /// they did not.
    async fn writers(&self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for group in self.groups() {
            let leg = group.leg.lock().await;
            let live = self.layout.live(&group.id)?;
            let open = crate::btrfs::is_subvolume(&live) && !crate::btrfs::read_only(&live);
            if open && (leads(leg.role) || self.mounted(&group)) {
                found.push(format!("{} is writable", group.id));
            } else if let Some(user) = users::of(&live, Open::ForWriting).await? {
                found.push(format!("{user} has files of {} open", group.id));
            }
        }
        Ok(found)
    }
}
