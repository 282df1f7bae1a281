//! Sends the next point.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;

use super::Describes;
use crate::btrfs::{self, STALL};
use crate::error::Error;
use crate::parent::parent;
use crate::store::{Btrfs, Group};
use muster_adapter_pair::Report;

/// What `btrfs receive` says where the point with the same id is not the same.
const NO_PARENT: &str = "cannot find parent subvolume";

impl Btrfs {
    /// Takes a point, unless the leg is demoted and has its last one, and sends it. For whoever holds
    /// `doing`.
    pub(crate) async fn ship(&self, group: &Group) -> Result<RecoveryPointId, Error> {
        let mut answer = self.exchange(false).await?;
        let strange = || Error::NotNow(format!("{} has no leg of {}", self.peer_site(), group.id));
        let theirs = answer.legs.remove(&group.id).ok_or_else(strange)?;
        if theirs.role != ReplicaRole::Target {
            let (group, site) = (&group.id, self.peer_site());
            return Err(Error::NotNow(format!("the leg of {group} at {site} is no replica")));
        }
        let (point, own, describes) = self.next_point(group).await?;
        let report = if theirs.points.contains(&point) {
            theirs
        } else {
            let parent = parent(&own, &theirs.points, &point);
            match self.put(group, &point, parent, &describes).await {
                Err(Error::Peer(reason))
                    if parent.is_some() && reason.message.contains(NO_PARENT) =>
                {
                    self.put(group, &point, None, &describes).await?
                }
                other => other?,
            }
        };
        let mut leg = group.leg.lock().await;
        if leg.role == ReplicaRole::Source {
            let mut next = leg.clone();
            (next.shipped, next.peer) = (Some(point.clone()), Some(report));
            self.save(group, &mut leg, next)?;
            self.prune(group, &leg).await?;
        }
        Ok(point)
    }

    async fn next_point(
        &self,
        group: &Group,
    ) -> Result<(RecoveryPointId, Vec<RecoveryPointId>, Describes), Error> {
        let mut leg = group.leg.lock().await;
        let closed = leg.role == ReplicaRole::Source && !leg.open;
        if !closed && (leg.role != ReplicaRole::Source || !leg.serves(self.fence())) {
            return Err(Error::NotNow(format!("{} is not sent from here", group.id)));
        }
        let point = match leg.sealed.clone().filter(|_| closed) {
            Some(point) => point,
            None => self.take(group, &leg).await?,
        };
        if closed && leg.sealed.is_none() {
            let next = muster_adapter_pair::Leg { sealed: Some(point.clone()), ..leg.clone() };
            self.save(group, &mut leg, next)?;
        }
        // Also where sending fails again and again points must not pile up.
        self.prune(group, &leg).await?;
        let describes = Describes {
            site: self.site.clone(),
            generation: leg.generation,
            origin: leg.origin.clone(),
            parent: None,
        };
        Ok((point, self.look(&group.id).await?.points, describes))
    }

    async fn put(
        &self,
        group: &Group,
        point: &RecoveryPointId,
        parent: Option<&RecoveryPointId>,
        describes: &Describes,
    ) -> Result<Report, Error> {
        let path = self.layout.point(&group.id, point)?;
        let below = parent.map(|parent| self.layout.point(&group.id, parent)).transpose()?;
        let describes = Describes { parent: parent.cloned(), ..describes.clone() };
        let progress = Arc::new(AtomicU64::new(0));
        let stream = btrfs::send(&path, below.as_deref(), progress.clone())?;
        let stood_still = async {
            loop {
                let before = progress.load(Ordering::Relaxed);
                tokio::time::sleep(STALL).await;
                if progress.load(Ordering::Relaxed) == before {
                    break Err(Error::Stalled { verb: "send", seconds: STALL.as_secs() });
                }
            }
        };
        tokio::select! {
            answer = self.client.put(&group.id, point, &describes, stream) => answer,
            stalled = stood_still => stalled,
        }
    }
}
