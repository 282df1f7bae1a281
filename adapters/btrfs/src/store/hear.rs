//! What is made of what the other site says of its legs.

use std::collections::BTreeMap;

use muster_plans::id::ConsistencyGroupId;
use muster_plans::inventory::ReplicaRole;

use super::{Btrfs, Group};
use crate::error::Error;
use muster_adapter_pair::decide::{Meeting, meet};
use muster_adapter_pair::{Leg, Report, leads};

impl Btrfs {
    /// First the legs, then the fence: a leg that comes out from behind one must know by then whether
    /// the other was promoted.
    pub(crate) async fn hear(
        &self,
        fences: bool,
        legs: &BTreeMap<ConsistencyGroupId, Report>,
    ) -> Result<(), Error> {
        for (id, report) in legs {
            let group = match self.find(id) {
                Some(group) => group,
                None if leads(report.role) => self.expect(id).await?,
                None => continue,
            };
            self.hear_of(&group, report).await?;
        }
        self.set_fence(|fence| fence.heard = fences).await?;
        self.heard()?;
        for group in self.groups() {
            let leg = group.leg.lock().await;
            self.enforce(&group, &leg).await?;
        }
        Ok(())
    }

    pub(crate) async fn hear_of(&self, group: &Group, report: &Report) -> Result<(), Error> {
        let mut leg = group.leg.lock().await;
        let look = self.look(&group.id).await?;
        let mut next = leg.clone();
        match meet(&next, report) {
            Meeting::Nothing => {}
            Meeting::StepDown => {
                tracing::warn!(group = %group.id, generation = report.generation,
                    "the other leg was promoted; this one stops");
                (next.role, next.open) = (ReplicaRole::RemoteFailedOver, false);
            }
            Meeting::Torn => {
                if !next.torn {
                    tracing::error!(group = %group.id, generation = next.generation,
                        "both legs were written under one generation; both stop");
                }
                next.torn = true;
            }
        }
        // Answers may overtake each other; an older one takes nothing back.
        let newer = next
            .peer
            .as_ref()
            .is_none_or(|peer| report.generation > peer.generation || report.as_of >= peer.as_of);
        if newer {
            next.peer = Some(report.clone());
            if next.role == ReplicaRole::Source && report.role == ReplicaRole::Target {
                let common = look.points.iter().find(|point| report.points.contains(point));
                next.shipped = common.cloned();
            }
        }
        if worth_writing(&leg, &next) {
            self.save(group, &mut leg, next)?;
        } else {
            *leg = next;
        }
        self.enforce(group, &leg).await
    }
}

/// Points and times change all the time, and are heard again after a restart.
fn worth_writing(old: &Leg, new: &Leg) -> bool {
    let plain = |leg: &Leg| {
        let mut leg = leg.clone();
        if let Some(peer) = &mut leg.peer {
            peer.points.clear();
            peer.as_of = Default::default();
        }
        leg
    };
    plain(old) != plain(new)
}
