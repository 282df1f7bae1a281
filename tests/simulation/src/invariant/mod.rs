//! The invariants, each a checker of its own.
//!
//! Numbers and words are those of the safety case: I1 to I16. A checker sees everything that happens
//! ([`Sight`]) and says what is broken, in words for people.

mod evidence;
mod holding;
mod journal;
mod settled;
mod tests_apart;
mod tokens;
mod world;

use muster_plans::time::Time;

use crate::watch::Sight;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// I1: a VM runs in production at one site at most.
    SingleActive,
    /// I2: a volume takes production writes at one side, unless it is stretched and in sync.
    SingleWriter,
    /// I3: an unplanned promote has valid evidence, newer than the last mutation on the other side.
    EvidenceBeforePromote,
    /// I4: no operation without a durable intent of the same step, attempt and token.
    JournalBeforeAct,
    /// I5: tokens never go back for an object, at the effect.
    TokensRise,
    /// I6: records are written by the owner of the latest epoch.
    OneOwner,
    /// I7: an unknown outcome is resolved by a read-back or a person.
    NoGuess,
    /// I8: from every state an operator can go on.
    NoTrap,
    /// I9: a test touches nothing of production.
    TestIsolation,
    /// I10: the copy with the higher generation is never overwritten.
    Direction,
    /// I11: what is promoted is the recovery point that was shown.
    HonestPoint,
    /// I12: what is discarded was snapshotted first.
    SafeCopy,
    /// I13: every effect at a site has its intent in a journal.
    AuditComplete,
    /// I14: what is executed is what was approved.
    ApprovedIsExecuted,
    /// I15: when faults stop, every run ends or waits for a person.
    Liveness,
    /// I16: a forced failover asks nothing of the failed site.
    NoSelfDependency,
    /// A finished step runs again, or an operation has its effect twice.
    Once,
    /// An attempt has its effect after its journal has closed it.
    Settled,
    /// A run that has promoted undoes something.
    PastPivot,
    /// A site is let in again before it has stopped.
    LetIn,
    /// A run is taken from somebody who holds it.
    OneHolder,
    /// Two runs of a plan at a time.
    OneRun,
    /// What was sent before a restore has its effect after the release.
    OldLife,
    /// The product's store does something else than the plain values beside it.
    SameStore,
    /// The world itself saw a promise broken: data lost in a planned run, diverged, a test that leaked.
    World,
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// When, in the play's time.
    pub at: Time,
    /// Which.
    pub invariant: Invariant,
    /// What exactly.
    pub what: String,
}

pub(crate) type Verdict = Result<(), (Invariant, String)>;

/// One checker.
pub(crate) trait Checker: Send {
    fn see(&mut self, now: Time, sight: &Sight<'_>) -> Verdict;
}

/// All checkers.
pub(crate) struct Judge(Vec<Box<dyn Checker>>);

impl Judge {
    /// `doubled`: operations may have their effect twice, because the fault F7 is in play. `skewed`:
    /// clocks differ. `literal`: no state comes about by itself.
    pub(crate) fn new(doubled: bool, skewed: bool, literal: bool) -> Judge {
        let mut all: Vec<Box<dyn Checker>> = vec![
            Box::new(world::SingleActive),
            Box::new(world::SingleWriter),
            Box::<world::Seen>::default(),
            Box::<world::Discards>::default(),
            Box::<journal::Intents>::default(),
            Box::new(journal::Once::new(doubled)),
            Box::<journal::Owners>::default(),
            Box::<journal::Unknowns>::default(),
            Box::<journal::Approved>::default(),
            Box::<tokens::Rising>::default(),
            Box::<evidence::Promotes>::default(),
            Box::<evidence::SelfDependency>::default(),
            Box::new(tests_apart::Isolation),
            Box::<tests_apart::OwnObjects>::default(),
            Box::new(settled::Settled::new(literal)),
            Box::<settled::PastPivot>::default(),
            Box::<settled::LetIn>::default(),
            Box::<holding::OneRun>::default(),
            Box::<holding::OldLife>::default(),
        ];
        if !skewed {
            all.push(Box::<holding::OneHolder>::default());
        }
        Judge(all)
    }

    pub(crate) fn see(&mut self, now: Time, sight: &Sight<'_>) -> Verdict {
        self.0.iter_mut().try_for_each(|checker| checker.see(now, sight))
    }
}
