//! The two runs, step by step, and what the world looks like between them.

use crate::guards::Guards;

/// Run 1: an unplanned failover from A to B. Stands for `plans/src/compile/failover.rs`.
pub(crate) const FAILOVER: u8 = 1;
/// Run 2: what is owed to A (`compile/owed.rs`), reprotect, planned migration back.
pub(crate) const FAILBACK: u8 = 2;
/// Run 2 as it is started anew by a server that has forgotten it.
pub(crate) const FAILBACK_AGAIN: u8 = 3;

/// The step of a failback that demotes B; until it is done the run can be cancelled.
pub(crate) const DEMOTE_B: u8 = 3;
/// The step of a failback that undoes it.
pub(crate) const UNDO: u8 = 5;

/// What an operation changes, and where tokens are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    /// The leg at A.
    VolumeA,
    /// The leg at B.
    VolumeB,
    /// B's fence against A. Its domain is all of B.
    FenceAtB,
}

impl Object {
    pub(crate) const ALL: [Object; 3] = [Object::VolumeA, Object::VolumeB, Object::FenceAtB];

    pub(crate) fn at_a(self) -> bool {
        self == Object::VolumeA
    }
}

/// What one step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    FenceA,
    Gate,
    PromoteB,
    DemoteA,
    UnfenceA,
    ReverseB,
    DemoteB,
    PromoteA,
    PromoteBAgain,
}

impl Work {
    pub(crate) fn of(guards: &Guards, run: u8, step: u8) -> Work {
        match (run == FAILOVER, step) {
            (true, 0) if guards.fence_before_evidence => Work::FenceA,
            (true, 1) if guards.fence_before_evidence => Work::Gate,
            (true, 0) => Work::Gate,
            (true, 1) => Work::FenceA,
            (true, _) => Work::PromoteB,
            (false, 0) if guards.demote_before_unfence => Work::DemoteA,
            (false, 1) if guards.demote_before_unfence => Work::UnfenceA,
            (false, 0) => Work::UnfenceA,
            (false, 1) => Work::DemoteA,
            (false, 2) => Work::ReverseB,
            (false, DEMOTE_B) => Work::DemoteB,
            (false, 4) => Work::PromoteA,
            (false, _) => Work::PromoteBAgain,
        }
    }

    pub(crate) fn object(self) -> Object {
        match self {
            Work::DemoteA | Work::PromoteA => Object::VolumeA,
            Work::FenceA | Work::UnfenceA | Work::Gate => Object::FenceAtB,
            Work::PromoteB | Work::ReverseB | Work::DemoteB | Work::PromoteBAgain => {
                Object::VolumeB
            }
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Work::FenceA => "fence A",
            Work::Gate => "evidence against A",
            Work::PromoteB => "promote B",
            Work::DemoteA => "demote A",
            Work::UnfenceA => "unfence A",
            Work::ReverseB => "reverse replication at B",
            Work::DemoteB => "demote B",
            Work::PromoteA => "promote A",
            Work::PromoteBAgain => "undo: promote B again",
        }
    }
}

/// Identity of an operation: run, step and attempt. Stands for `muster_contract::OpId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OpId {
    pub(crate) run: u8,
    pub(crate) step: u8,
    pub(crate) attempt: u8,
}

impl OpId {
    /// Its bit in a set of operations.
    pub(crate) fn bit(self) -> u64 {
        1 << ((self.run - 1) * 16 + self.step * 2 + self.attempt)
    }
}

/// How far both runs are: 0 to 2 the failover's steps, 3 its end, 4 to 8 the failback's steps, 9 its end.
pub(crate) const MARKS: usize = 10;

/// What the world looks like there: A open, B open, A fenced.
pub(crate) fn expected(guards: &Guards, mark: u8) -> (bool, bool, bool) {
    match mark {
        0 => (true, false, false),
        1 => (true, false, guards.fence_before_evidence),
        2 => (true, false, true),
        3 | 4 => (true, true, true),
        5 if guards.demote_before_unfence => (false, true, true),
        5 => (true, true, false),
        6 | 7 => (false, true, false),
        8 => (false, false, false),
        _ => (true, false, false),
    }
}
