//! The guards, by name, and the switch that only a sabotaged build has.
//!
//! A guard is a check without which data can be lost, a site can write that must not, or a test can touch
//! production. Whoever removes one by accident should hear of it: with the feature `sabotage`, which
//! `muster-simulation` alone asks for, each guard can be switched off on a thread, and the suite in
//! `tests/simulation` shows that its absence is noticed. Without the feature [`holds`] is `true` and
//! nothing is left of it; `server` does not compile with it.

/// A check that must not go away unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// An intent is durable before its operation is sent.
    IntentFirst,
    /// What an agent acknowledges is read back before it counts.
    ReadBack,
    /// Nothing is proved of an object while an operation on it is under way.
    Drained,
    /// The fence goes above an operation before its absence is believed.
    RaiseFirst,
    /// A gate opens on evidence.
    EvidenceFirst,
    /// Evidence of before the fence does not count behind it.
    EvidenceAfterFence,
    /// Evidence that has expired does not count.
    EvidenceFresh,
    /// A witness's or a fence's word was observed since the gate asked for it.
    WitnessFresh,
    /// Behind the pivot nothing is undone.
    PivotStands,
    /// Evidence is waited for behind the fence.
    FenceFirst,
    /// A site is let in again when what was owed to it is done.
    OwedFirst,
    /// A site is let in again when replication is turned round.
    TurnFirst,
    /// A copy that a later promotion has replaced is not recovered from.
    NotReplaced,
    /// A test is connected to networks for tests only.
    BubbleOnly,
    /// A site connects and starts test copies on networks for tests only.
    BubbleAtSite,
    /// Records are taken from the present owner of a run, at the journal's end.
    CompareAndSet,
    /// A run that somebody holds is not taken by another.
    Lease,
    /// A run whose end was taken in is not taken up.
    NotOver,
    /// A run is stored if nothing has changed since the plan's state was read.
    OneRun,
    /// After a restore every site hears of the new life before anything goes on.
    RaiseAfterRestore,
    /// After a restore a plan is set against what the sites hold before it goes on.
    Reckoned,
    /// A token is compared where the effect happens.
    TokenAtEffect,
    /// An agent remembers operations by their ids.
    Memory,
    /// A leg is overwritten by one that was promoted, when nobody writes to it.
    PromotedFirst,
    /// A leg is not overwritten by one of a lower or the same generation.
    Generation,
    /// Data is snapshotted before it is discarded.
    SnapshotFirst,
    /// A test and its cleanup touch what carries their tag.
    OwnTag,
    /// Both legs of a stretched group are written only while they hold the same.
    InSync,
}

impl Guard {
    /// All of them.
    pub const ALL: [Guard; 28] = [
        Guard::IntentFirst,
        Guard::ReadBack,
        Guard::Drained,
        Guard::RaiseFirst,
        Guard::EvidenceFirst,
        Guard::EvidenceAfterFence,
        Guard::EvidenceFresh,
        Guard::WitnessFresh,
        Guard::PivotStands,
        Guard::FenceFirst,
        Guard::OwedFirst,
        Guard::TurnFirst,
        Guard::NotReplaced,
        Guard::BubbleOnly,
        Guard::BubbleAtSite,
        Guard::CompareAndSet,
        Guard::Lease,
        Guard::NotOver,
        Guard::OneRun,
        Guard::RaiseAfterRestore,
        Guard::Reckoned,
        Guard::TokenAtEffect,
        Guard::Memory,
        Guard::PromotedFirst,
        Guard::Generation,
        Guard::SnapshotFirst,
        Guard::OwnTag,
        Guard::InSync,
    ];
}

/// Whether this build can switch guards off. No product does.
pub const CAN_BE_SWITCHED_OFF: bool = cfg!(feature = "sabotage");

/// Whether a guard holds, which it always does where nobody switched it off.
#[cfg(not(feature = "sabotage"))]
#[inline]
pub const fn holds(_: Guard) -> bool {
    true
}

#[cfg(feature = "sabotage")]
pub use switch::{Off, holds, switch_off};

#[cfg(feature = "sabotage")]
mod switch {
    use std::cell::RefCell;

    use super::Guard;

    thread_local! {
        static OFF: RefCell<Vec<Guard>> = const { RefCell::new(Vec::new()) };
    }

    /// Whether a guard holds on this thread.
    pub fn holds(guard: Guard) -> bool {
        OFF.with_borrow(|off| !off.contains(&guard))
    }

    /// Switches guards off on this thread until the answer is dropped.
    #[must_use]
    pub fn switch_off(guards: &[Guard]) -> Off {
        OFF.with_borrow_mut(|off| *off = guards.to_vec());
        Off(())
    }

    /// While this lives, guards are off.
    #[derive(Debug)]
    pub struct Off(());

    impl Drop for Off {
        fn drop(&mut self) {
            OFF.with_borrow_mut(Vec::clear);
        }
    }
}
