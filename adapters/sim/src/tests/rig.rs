//! A world in the hand of a test.

use muster_contract::{
    FenceDomain, GroupState, HypervisorOp, Instance, Mode, Observation, OpContext, OpId, Operation,
    Outcome, Query, Receipt, StorageOp, Token, VmSpec, VmState, WitnessSight,
};
use muster_plans::graph::StepIx;
use muster_plans::id::{ConsistencyGroupId, HostId, RunId, RunTag, SiteName, VmId};
use muster_plans::time::{Span, Time};

use crate::control::{Command, Thing};
use crate::pipeline::Answer;
use crate::truth::Truth;
use crate::world::{Settings, World};
use crate::{Fault, WorldSpec};

pub(super) const START: Time = Time(1_700_000_000_000);

/// Groups of the demo world, one of each mode.
pub(super) const GOLD: &str = "shop-db-gold-metro-cg01";
pub(super) const SILVER: &str = "archive-silver-sync-cg01";
pub(super) const BRONZE: &str = "bank-app-bronze-async-cg01";
pub(super) const COPPER: &str = "archive-db-copper-cdp-cg01";

pub(super) struct Rig {
    pub(super) world: World,
    seq: u64,
    pub(super) mode: Mode,
    pub(super) tag: Option<RunTag>,
}

pub(super) fn site(name: &str) -> SiteName {
    name.into()
}

impl Rig {
    /// The demo world, where operations take no time.
    pub(super) fn instant() -> Rig {
        Rig::with(Settings::instant())
    }

    pub(super) fn with(settings: Settings) -> Rig {
        Rig::of(WorldSpec::demo(60, 7).with_settings(settings))
    }

    pub(super) fn of(spec: WorldSpec) -> Rig {
        let world = spec.build(START).unwrap();
        Rig { world, seq: 0, mode: Mode::Planned, tag: None }
    }

    pub(super) fn pass(&mut self, span: Span) {
        let to = self.world.now() + span;
        self.world.advance(to);
    }

    pub(super) fn ctx(&mut self, at: &str) -> OpContext {
        self.seq += 1;
        let step: StepIx = u32::try_from(self.seq).unwrap();
        OpContext {
            op_id: OpId { run: RunId(uuid::Uuid::from_u128(1)), step, attempt: 0, undo: false },
            token: Token { incarnation: 1, epoch: 1, seq: self.seq },
            domain: FenceDomain { site: site(at), group: Some("shop".into()) },
            deadline: self.world.now() + Span::mins(10),
            dry_run: false,
            mode: self.mode,
            run_tag: self.tag.clone(),
        }
    }

    /// Does it and waits until it has an answer.
    pub(super) fn run(&mut self, at: &str, op: impl Into<Op>) -> Outcome<Receipt> {
        let ctx = self.ctx(at);
        self.run_as(&ctx, op)
    }

    pub(super) fn run_as(&mut self, ctx: &OpContext, op: impl Into<Op>) -> Outcome<Receipt> {
        let op = op.into().0;
        let at = ctx.domain.site.clone();
        let mut answer = self.world.submit(&at, ctx, &op);
        loop {
            match answer {
                Answer::At(when, outcome) => {
                    self.world.advance(when);
                    return outcome;
                }
                Answer::Wait(until) => {
                    self.world.advance(until);
                    answer = self.world.poll(&at, ctx.op_id, ctx.deadline);
                }
            }
        }
    }

    /// Does it, and it must be done.
    #[track_caller]
    pub(super) fn done(&mut self, at: &str, op: impl Into<Op>) -> Receipt {
        match self.run(at, op) {
            Outcome::Done(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    }

    /// Does it, and it must be refused with this in its message.
    #[track_caller]
    pub(super) fn refused(&mut self, at: &str, op: impl Into<Op>, text: &str) {
        match self.run(at, op) {
            Outcome::Refused(reason) => {
                assert!(reason.message.contains(text), "{}", reason.message);
            }
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(super) fn control(&mut self, command: Command) {
        self.world.control(&command).unwrap();
    }

    #[track_caller]
    pub(super) fn cut(&mut self, thing: &str) {
        self.control(Command::Break(thing.parse().unwrap()));
    }

    #[track_caller]
    pub(super) fn heal(&mut self, thing: &str) {
        self.control(Command::Heal(thing.parse().unwrap()));
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.control(Command::Break(Thing::Backend(fault)));
    }

    #[track_caller]
    pub(super) fn look(&mut self, at: &str, query: Query) -> Observation {
        self.world.query(&site(at), &query).unwrap().state
    }

    #[track_caller]
    pub(super) fn group(&mut self, at: &str, id: &str) -> GroupState {
        match self.look(at, Query::Group(id.into())) {
            Observation::Group(Some(state)) => state,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn vm_state(&mut self, at: &str, name: &str) -> Option<VmState> {
        let vm = Instance::Production(self.vm(name));
        match self.look(at, Query::Vm(vm)) {
            Observation::Vm(state) => state,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn sight(&mut self, from: &str, of: &str) -> Option<WitnessSight> {
        match self.look(from, Query::Witness(site(of))) {
            Observation::Witness(state) => state.sight,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    pub(super) fn vm(&self, name: &str) -> VmId {
        let vms = &self.world.vms;
        *vms.iter().find(|(_, vm)| vm.name.as_ref() == name).unwrap().0
    }

    /// Names of the VMs of a group.
    pub(super) fn members(&self, id: &str) -> Vec<String> {
        let group = &self.world.groups[&ConsistencyGroupId::from(id)];
        group.vms.iter().map(|vm| self.world.vms[vm].name.to_string()).collect()
    }

    pub(super) fn spec(&self, name: &str, host: &str) -> VmSpec {
        let id = self.vm(name);
        let def = &self.world.vms[&id];
        let disks = def.disks.iter().filter(|disk| disk.policy.is_some());
        let (volumes, policies) = disks.map(|d| (d.volume.clone(), d.policy.clone())).unzip();
        VmSpec {
            id,
            name: def.name.clone(),
            host: HostId::from(host),
            vcpus: def.vcpus,
            memory_mib: def.memory_mib,
            volumes,
            policies,
        }
    }

    /// Where a group takes production writes.
    pub(super) fn writers(&mut self, id: &str) -> Vec<String> {
        let truth = self.world.truth();
        truth.writers[&ConsistencyGroupId::from(id)].iter().map(ToString::to_string).collect()
    }

    /// The truth, in which no promise is broken.
    #[track_caller]
    pub(super) fn honest(&mut self) -> Truth {
        let truth = self.world.truth();
        assert_eq!(truth.violations, []);
        assert_eq!(truth.frames_leaked, 0);
        truth
    }
}

/// Any operation, so that tests need not wrap them.
pub(super) struct Op(pub(super) Operation);

impl From<StorageOp> for Op {
    fn from(op: StorageOp) -> Op {
        Op(Operation::Storage(op))
    }
}

impl From<HypervisorOp> for Op {
    fn from(op: HypervisorOp) -> Op {
        Op(Operation::Hypervisor(op))
    }
}

impl From<muster_contract::FencingOp> for Op {
    fn from(op: muster_contract::FencingOp) -> Op {
        Op(Operation::Fencing(op))
    }
}

pub(super) fn demote(group: &str) -> StorageOp {
    StorageOp::Demote { group: group.into() }
}

pub(super) fn promote(group: &str) -> StorageOp {
    StorageOp::Promote { group: group.into(), point: None, forced: false, above: 0 }
}

pub(super) fn force(group: &str) -> StorageOp {
    StorageOp::Promote { group: group.into(), point: None, forced: true, above: 0 }
}

pub(super) fn reverse(group: &str) -> StorageOp {
    StorageOp::Reverse { group: group.into() }
}

pub(super) fn sync(group: &str) -> StorageOp {
    StorageOp::Sync { group: group.into() }
}

pub(super) fn shutdown(vm: VmId) -> HypervisorOp {
    HypervisorOp::Shutdown { vm, guest: true, timeout: Span::mins(5) }
}

pub(super) fn power_on(vm: VmId) -> HypervisorOp {
    HypervisorOp::PowerOn(Instance::Production(vm))
}
