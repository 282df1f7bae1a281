//! How the kit fails a group over and brings it home again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, VmId};
use muster_plans::inventory::{Power, ReplicaRole, SiteInventory};

use super::bench::{Bench, said};
use super::hand::{Hook, Lab};
use super::{Stop, failed};
use crate::agent::SiteAdapter;
use crate::context::{Mode, OpContext};
use crate::error::ErrorClass;
use crate::observed::{GroupState, Observation};
use crate::operation::{HypervisorOp, Instance, Operation, StorageOp};
use crate::outcome::{OpStatus, Outcome};
use crate::query::Query;
use crate::token::FenceDomain;

/// A group that is failed over, and what ran on it.
pub(super) struct Journey<'a> {
    bench: &'a Bench<'a>,
    pub(super) lab: Lab,
    /// What ran at the peer when the journey began.
    vms: Vec<VmId>,
    /// Whether anything was changed yet.
    begun: AtomicBool,
}

/// VMs that have a volume in a group.
pub(super) fn of_group(site: &SiteInventory, group: &ConsistencyGroupId) -> BTreeSet<VmId> {
    let volumes = site.volumes.iter().filter(|volume| volume.group.as_ref() == Some(group));
    let volumes: BTreeSet<_> = volumes.map(|volume| &volume.id).collect();
    let on_it = site.vms.iter().filter(|vm| vm.run_tag.is_none());
    on_it
        .filter(|vm| vm.objects.iter().any(|object| volumes.contains(&object.volume)))
        .map(|vm| vm.id)
        .collect()
}

impl<'a> Journey<'a> {
    pub(super) async fn plan(bench: &'a Bench<'a>) -> Result<Journey<'a>, Stop> {
        let lab = bench.hand(Hook::Lab)?.lab().ok_or_else(|| failed("the hand has no lab"))?;
        let theirs = lab.peer.inventory().await;
        let theirs = theirs.map_err(|error| failed(format!("the peer: {error}")))?;
        let members = of_group(&theirs, &lab.group);
        let on = theirs.vms.iter().filter(|vm| vm.power == Power::On && members.contains(&vm.id));
        let vms = on.map(|vm| vm.id).collect();
        let leg = bench.leg(&lab.group).await?;
        if leg.role != ReplicaRole::Target {
            let why = format!("the lab's group is {:?} here, not a target", leg.role);
            return Err(Stop::NotApplicable(why));
        }
        Ok(Journey { bench, lab, vms, begun: AtomicBool::new(false) })
    }

    fn op(&self, make: impl Fn(ConsistencyGroupId) -> StorageOp) -> Operation {
        Operation::Storage(make(self.lab.group.clone()))
    }

    async fn here(&self, mode: Mode, op: &Operation) -> Result<(), Stop> {
        self.at(self.bench.adapter, mode, op).await
    }

    async fn there(&self, op: &Operation) -> Result<(), Stop> {
        self.at(&*self.lab.peer, Mode::Planned, op).await
    }

    /// Does it, with a new attempt as long as it is said that trying again may help.
    async fn at(&self, site: &dyn SiteAdapter, mode: Mode, op: &Operation) -> Result<(), Stop> {
        self.begun.store(true, Ordering::SeqCst);
        let bench = self.bench;
        let until = bench.now() + bench.probe.patience;
        loop {
            let domain = FenceDomain { site: site.site().clone(), ..bench.domain() };
            let ctx = OpContext { mode, run_tag: None, domain, ..bench.ctx() };
            let mut outcome = bench.execute_at(site, &ctx, op).await;
            while let Outcome::Unknown(_) = &outcome
                && bench.now() < until
            {
                bench.wait().await;
                if let Ok(OpStatus::Ended(ended)) = site.operation(&ctx.op_id).await {
                    outcome = ended;
                }
            }
            match outcome {
                Outcome::Done(_) => return Ok(()),
                Outcome::Refused(reason)
                    if reason.class == ErrorClass::Retry && bench.now() < until =>
                {
                    bench.wait().await;
                }
                other => {
                    let (object, site) = (op.object(), site.site());
                    let kind = op.kind();
                    let said = said(&other);
                    return Err(failed(format!("{kind:?} of {object} at {site}: {said}")));
                }
            }
        }
    }

    /// Powers on or off at the peer what ran there.
    pub(super) async fn power(&self, on: bool) -> Result<(), Stop> {
        for vm in &self.vms {
            let instance = Instance::Production(*vm);
            let op =
                if on { HypervisorOp::PowerOn(instance) } else { HypervisorOp::PowerOff(instance) };
            self.there(&Operation::Hypervisor(op)).await?;
        }
        Ok(())
    }

    /// Waits until what runs at the peer has written something that is not here yet.
    pub(super) async fn written(&self) -> Result<(), Stop> {
        let Some(vm) = self.vms.first() else {
            let why = "no VM of the lab's group runs at the peer, so that nothing is written";
            return Err(Stop::NotApplicable(why.to_owned()));
        };
        let query = Query::Vm(Instance::Production(*vm));
        let until = self.bench.now() + self.bench.probe.patience;
        while self.bench.now() < until {
            let seen = self.lab.peer.query(&query).await.map(|seen| seen.state);
            if let Ok(Observation::Vm(Some(state))) = seen
                && state.heartbeat
                && state.wrote
            {
                // A guest that writes at all writes within a few seconds.
                tokio::time::sleep(std::time::Duration::from_secs(3)).await;
                return Ok(());
            }
            self.bench.wait().await;
        }
        Err(Stop::NotApplicable("nothing is written at the peer".to_owned()))
    }

    pub(super) async fn promote_here(
        &self,
        mode: Mode,
        point: Option<RecoveryPointId>,
        above: u64,
    ) -> Result<(), Stop> {
        let forced = mode == Mode::Unplanned;
        let op = self.op(|group| StorageOp::Promote { group, point: point.clone(), forced, above });
        self.here(mode, &op).await
    }

    pub(super) async fn demote_peer(&self) -> Result<(), Stop> {
        self.there(&self.op(|group| StorageOp::Demote { group })).await
    }

    pub(super) async fn reverse_here(&self) -> Result<(), Stop> {
        self.here(Mode::Planned, &self.op(|group| StorageOp::Reverse { group })).await
    }

    /// As planned, from the peer to here, and above a generation.
    pub(super) async fn over(&self, above: u64) -> Result<(), Stop> {
        self.there(&self.op(|group| StorageOp::Sync { group })).await?;
        self.demote_peer().await?;
        self.promote_here(Mode::Planned, None, above).await?;
        self.reverse_here().await
    }

    /// As planned, from here to the peer, and above a generation.
    pub(super) async fn back(&self, above: u64) -> Result<(), Stop> {
        self.here(Mode::Planned, &self.op(|group| StorageOp::Sync { group })).await?;
        self.here(Mode::Planned, &self.op(|group| StorageOp::Demote { group })).await?;
        let promote = |group| StorageOp::Promote { group, point: None, forced: false, above };
        self.there(&self.op(promote)).await?;
        self.there(&self.op(|group| StorageOp::Reverse { group })).await
    }

    /// From wherever it stands to how it was.
    pub(super) async fn home(&self) -> Result<(), Stop> {
        if !self.begun.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.bench.heal().await?;
        let leg = self.bench.leg(&self.lab.group).await?;
        if leg.role == ReplicaRole::FailedOver {
            self.demote_peer().await?;
            self.reverse_here().await?;
        }
        let leg = self.bench.leg(&self.lab.group).await?;
        if leg.role == ReplicaRole::Source {
            self.back(0).await?;
        }
        self.power(true).await
    }

    /// Of the copy here and of the one at the peer.
    pub(super) async fn generations(&self) -> Result<[u64; 2], Stop> {
        let here = self.bench.leg(&self.lab.group).await?;
        let query = Query::Group(self.lab.group.clone());
        let there = self.lab.peer.query(&query).await;
        let there: GroupState = match there.map(|seen| seen.state) {
            Ok(Observation::Group(Some(leg))) => leg,
            other => return Err(failed(format!("the peer, asked for the group: {other:?}"))),
        };
        Ok([here.generation, there.generation])
    }
}
