//! Shows volumes to the hosts of the site, or takes them away. An image has nothing that would be mounted: a note
//! says whether a hypervisor may bind it.

use std::net::IpAddr;

use muster_contract::Receipt;
use muster_plans::id::ConsistencyGroupId;

use crate::error::{Stop, later, missing, not_now};
use crate::look::{FRESH, clone_spec};
use crate::store::Ceph;

impl Ceph {
    /// Whether a group counts as mounted: where nobody has said anything yet, it is where it is written.
    pub(crate) fn mounted(&self, said: Option<bool>, writable: bool) -> bool {
        said.unwrap_or(writable)
    }

    pub(crate) async fn mount_group(
        &self,
        group: &ConsistencyGroupId,
        on: bool,
    ) -> Result<Receipt, Stop> {
        let members = self.members(group, FRESH).await?;
        let writable = self.takes_writes(group).await?;
        let said = self.local(group)?.mounted;
        if said == Some(on) || (said.is_none() && writable == on) {
            return Ok(self.already());
        }
        if on && !writable {
            return Err(not_now(format!("{group} is not writable here")).into());
        }
        if !on {
            for member in &members {
                let user = self.user(&self.cli, &member.spec(), &self.site).await?;
                // Of a copy it is `rbd-mirror` that holds the lock; of a stretched image it may be the other
                // site.
                let host: Option<IpAddr> = user.as_deref().and_then(|user| user.parse().ok());
                let nets = self.config.clients_of(&self.site);
                let ours = host.is_none_or(|host| {
                    nets.is_empty() || nets.iter().any(|net| net.contains(&host))
                });
                if let Some(user) = user.filter(|_| ours && writable) {
                    // One that died counts for half a minute more, until Ceph has missed it.
                    return Err(later(format!("{user} has {} open", member.spec())).into());
                }
            }
        }
        self.note(group, |local| local.mounted = Some(on)).map_err(Stop::unknown)?;
        Ok(self.done(None))
    }

    pub(crate) async fn mount_clone(&self, name: &str, on: bool) -> Result<Receipt, Stop> {
        let clone = self.clone_file(name)?.filter(|clone| clone.whole);
        let Some(mut clone) = clone else {
            return Err(missing(format!("the clone {name}")).into());
        };
        if clone.mounted == on {
            return Ok(self.already());
        }
        if !on {
            for (pool, image) in &clone.images {
                let watchers = self.cli.watchers(&clone_spec(pool, name, image)?).await?;
                if let Some(watcher) = watchers.watchers.first() {
                    return Err(not_now(format!("{} has {name} open", watcher.address)).into());
                }
            }
        }
        clone.mounted = on;
        self.note_clone(name, Some(&clone)).map_err(Stop::unknown)?;
        Ok(self.done(None))
    }

    /// Whether a group's leg here takes writes now.
    pub(crate) async fn takes_writes(&self, group: &ConsistencyGroupId) -> Result<bool, Stop> {
        if self.config.is_stretched() {
            return Ok(self.stretch(group).await?.serves());
        }
        if self.kept_out().await? {
            return Ok(false);
        }
        for member in self.members(group, FRESH).await? {
            let info = self.cli.info(&member.spec()).await?;
            if info.and_then(|info| info.primary()) != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
