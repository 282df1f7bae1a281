//! Guards switched off one by one, and what each of them keeps away.

use crate::bounds::{Budget, NONE};
use crate::guards::{Check, Guards, Release};
use crate::properties::{INTENT_FIRST, NEVER_BACK, ONCE, ONE_WRITER};

/// One guard that is switched off.
#[derive(Clone, Copy, Debug)]
pub struct Sabotage {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is missing.
    pub what: &'static str,
    /// The guards that are left.
    pub guards: Guards,
    /// The faults that it takes.
    pub budget: Budget,
    /// The product does it this way today: see `README.md`.
    pub today: bool,
    /// The property that breaks.
    pub breaks: &'static str,
}

/// How many there are.
pub const SABOTAGES: usize = 19;

const ALL: Guards = Guards::ALL;

/// All of them.
pub fn sabotages() -> [Sabotage; SABOTAGES] {
    let delay = Budget { delays: 1, ..NONE };
    let expiry = Budget { expiries: 1, ..NONE };
    let rewind = Budget { rewinds: 1, ..NONE };
    let outage = Budget { outages: 1, ..NONE };
    let new = |name, what, guards, budget, breaks| Sabotage {
        name,
        what,
        guards,
        budget,
        breaks,
        today: false,
    };
    let today = |name, what, guards, budget| Sabotage {
        name,
        what,
        guards,
        budget,
        breaks: ONE_WRITER,
        today: true,
    };
    let after = |release| Guards { release, ..ALL };
    [
        new("no-token", "no token is compared", Guards { tokens: false, ..ALL }, delay, ONE_WRITER),
        new(
            "lease-token",
            "a token is no more than the epoch of a lease",
            Guards { token_per_operation: false, ..ALL },
            delay,
            NEVER_BACK,
        ),
        new(
            "no-compare-and-set",
            "an append does not look at the lease",
            Guards { compare_and_set: false, ..ALL },
            expiry,
            ONE_WRITER,
        ),
        new(
            "no-read-back",
            "an acknowledgement counts as the effect",
            Guards { read_back: false, ..ALL },
            Budget { early: 1, ..NONE },
            ONE_WRITER,
        ),
        new(
            "check-at-acceptance",
            "a token is compared when a request comes in, not at its effect",
            Guards { check: Check::AtAcceptance, ..ALL },
            rewind,
            ONE_WRITER,
        ),
        new(
            "no-evidence",
            "the promote does not wait for evidence",
            Guards { evidence: false, ..ALL },
            NONE,
            ONE_WRITER,
        ),
        new(
            "unfence-first",
            "the fence is lifted before the old writer is demoted",
            Guards { demote_before_unfence: false, ..ALL },
            NONE,
            ONE_WRITER,
        ),
        new(
            "undo-at-once",
            "a run is undone behind its pivot, while a step is still under way",
            Guards { pivot: false, ..ALL },
            NONE,
            ONE_WRITER,
        ),
        new(
            "intent-later",
            "a request is sent before its intent is durable",
            Guards { intent_first: false, ..ALL },
            NONE,
            INTENT_FIRST,
        ),
        new(
            "no-memory",
            "the agent does not remember operation ids",
            Guards { memory: false, ..ALL },
            Budget { duplicates: 1, ..NONE },
            ONCE,
        ),
        new(
            "no-incarnation",
            "nothing tells a restored journal",
            after(Release::Nothing),
            rewind,
            ONE_WRITER,
        ),
        new(
            "incarnation-only",
            "a restored journal gets a new incarnation and goes on",
            after(Release::IncarnationOnly),
            rewind,
            ONE_WRITER,
        ),
        new(
            "read-only",
            "after a restore the world is read and no fence is raised",
            after(Release::ReadOnly),
            rewind,
            ONE_WRITER,
        ),
        today(
            "raise-only",
            "after a restore the fences are raised, and nothing compares world and journal",
            after(Release::RaiseOnly),
            rewind,
        ),
        new(
            "read-then-raise",
            "after a restore the world is read first, and the fences are raised then",
            after(Release::ReadThenRaise),
            rewind,
            ONE_WRITER,
        ),
        new(
            "silent-site",
            "after a restore a site that does not answer is passed over, and nothing cuts it off",
            after(Release::RaiseWhoAnswers),
            Budget { outages: 1, ..rewind },
            ONE_WRITER,
        ),
        new(
            "evidence-then-fence",
            "evidence of death is taken, and the fence is asked for afterwards",
            Guards { fence_before_evidence: false, ..ALL },
            outage,
            ONE_WRITER,
        ),
        new(
            "optional-fence",
            "evidence of death is taken, and a fence that fails is only a warning",
            Guards { fence_before_evidence: false, fence_required: false, ..ALL },
            Budget { losses: 1, ..outage },
            ONE_WRITER,
        ),
        new(
            "forgetful-agent",
            "a restarted agent raises its fence over what is still at its backend",
            Guards { check: Check::AtLaunchForgetful, ..ALL },
            Budget { restarts: 1, ..rewind },
            ONE_WRITER,
        ),
    ]
}
