//! Shows volumes to the hosts of the site, and takes them away.

use muster_contract::{Mountable, OpContext, Outcome, Place, Receipt};
use muster_plans::id::ConsistencyGroupId;

use super::Libvirt;
use super::answer::{Stop, dry};
use crate::domain::Source;
use muster_plans::inventory::Power;

impl Libvirt {
    pub(super) async fn mount(
        &self,
        ctx: &OpContext,
        group: &ConsistencyGroupId,
    ) -> Result<Receipt, Stop> {
        self.set(ctx, Mountable::Group(group), true).await
    }

    pub(super) async fn mount_test(&self, ctx: &OpContext, clone: &str) -> Result<Receipt, Stop> {
        if ctx.run_tag.is_none() {
            return Err(Stop::not_now("a clone is mounted by a test, which has a tag".to_owned()));
        }
        self.set(ctx, Mountable::Clone(clone), true).await
    }

    /// Refused while a VM here has a volume of the group open.
    pub(super) async fn unmount(
        &self,
        ctx: &OpContext,
        group: &ConsistencyGroupId,
    ) -> Result<Receipt, Stop> {
        for found in self.pool.all().await? {
            if self.power(&found).await? == Power::Off {
                continue;
            }
            let (_, domain) = self.described(&found).await?;
            for place in domain.disks.iter().filter_map(|disk| disk.source.as_ref()?.place()) {
                let bound = self.volumes.volume_at(&place).await?;
                let of_group = bound.is_some_and(|bound| self.volumes.is_of(&bound.volume, group));
                if of_group {
                    let text = format!("{} runs here and has {group} open", domain.name);
                    return Err(Stop::not_now(text));
                }
            }
        }
        self.set(ctx, Mountable::Group(group), false).await
    }

    async fn set(&self, ctx: &OpContext, what: Mountable<'_>, on: bool) -> Result<Receipt, Stop> {
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        match self.volumes.mount(what, on).await {
            Outcome::Done(receipt) => Ok(receipt),
            Outcome::Refused(reason) => Err(Stop::Refused(reason)),
            Outcome::Unknown(hint) => Err(Stop::Unknown(hint)),
        }
    }
}

impl Source {
    /// Where the data is, in the words of the contract; `None`: nowhere that storage products know.
    pub(crate) fn place(&self) -> Option<Place> {
        match self {
            Source::File(path) => Some(Place::File(path.clone())),
            Source::Rbd(image) => Some(Place::Rbd(image.clone())),
            Source::Block(_) | Source::Other(_) => None,
        }
    }
}
