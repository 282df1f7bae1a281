//! How much may go wrong: the bounds within which everything is explored.

use crate::guards::{Check, Guards};
use crate::model::Protocol;

/// Attempts of one step before its run halts.
pub const ATTEMPTS: u8 = 2;

/// Requests that can be on their way at once.
pub const MESSAGES: usize = 2;

/// How many faults of each kind one history may still hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Budget {
    /// Requests that their sender gives up while they are still on their way.
    pub delays: u8,
    /// Requests that arrive twice.
    pub duplicates: u8,
    /// Requests that never arrive.
    pub losses: u8,
    /// Servers that stop without a word.
    pub crashes: u8,
    /// Leases that run out without their holder's notice: it is paused, and wakes at any time.
    pub expiries: u8,
    /// Restores of an older database.
    pub rewinds: u8,
    /// Losses of site A. It may come back.
    pub outages: u8,
    /// Effects that are acknowledged before they happen.
    pub early: u8,
    /// Restarts of a site's agent.
    pub restarts: u8,
}

/// No faults at all.
pub(crate) const NONE: Budget = Budget {
    delays: 0,
    duplicates: 0,
    losses: 0,
    crashes: 0,
    expiries: 0,
    rewinds: 0,
    outages: 0,
    early: 0,
    restarts: 0,
};

/// A set of faults under which everything is explored, with all guards on.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// For people.
    pub name: &'static str,
    /// Where tokens are compared.
    pub check: Check,
    /// Its faults.
    pub budget: Budget,
}

impl Scope {
    /// The model of it.
    pub fn protocol(&self) -> Protocol {
        let guards = Guards { check: self.check, ..Guards::ALL };
        Protocol { guards, budget: self.budget, examples: true }
    }
}

/// What is explored with all guards on, the smaller ones first.
pub fn scopes() -> [Scope; 6] {
    let delays = 1;
    let native = |name, budget| Scope { name, check: Check::AtEffect, budget };
    [
        Scope {
            name: "agents that restart before backends without tokens, and an older database",
            check: Check::AtLaunchAndDrain,
            budget: Budget { restarts: 1, rewinds: 1, ..NONE },
        },
        native(
            "a server that crashes, requests lost and doubled",
            Budget { delays, duplicates: 1, losses: 1, crashes: 1, ..NONE },
        ),
        native(
            "a paused owner while a site is lost",
            Budget { delays, expiries: 1, outages: 1, ..NONE },
        ),
        native("an older database and a paused owner", Budget { expiries: 1, rewinds: 1, ..NONE }),
        native(
            "a paused owner and a backend that lies",
            Budget { delays, expiries: 1, early: 1, ..NONE },
        ),
        native(
            "an older database while a site is lost",
            Budget { delays, rewinds: 1, outages: 1, ..NONE },
        ),
    ]
}
