//! Everything at one moment.

use crate::bounds::Budget;
use crate::hold::Hold;
use crate::journal::{Course, Database};
use crate::net::Net;
use crate::server::Server;
use crate::world::World;

/// Everything at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) database: Database,
    pub(crate) servers: [Server; 2],
    pub(crate) net: Net,
    pub(crate) world: World,
    pub(crate) hold: Hold,
    pub(crate) budget: Budget,
    /// The database was restored once.
    pub(crate) second_life: bool,
    pub(crate) ghost: Ghost,
}

/// What no part of the protocol knows: facts about the history that properties ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ghost {
    /// Operations whose intent was durable in some life.
    pub(crate) intended: u64,
    /// Operations that had their effect.
    pub(crate) effects: u64,
    /// An operation had its effect after one with a higher token on the same object.
    pub(crate) went_back: bool,
    /// An operation had its effect twice.
    pub(crate) twice: bool,
    /// An operation without an intent had its effect.
    pub(crate) unannounced: bool,
}

impl State {
    pub(crate) fn new(budget: Budget) -> State {
        State {
            database: Database::new(),
            servers: [Server::default(); 2],
            net: Net::default(),
            world: World::new(),
            hold: Hold::default(),
            budget,
            second_life: false,
            ghost: Ghost::default(),
        }
    }

    /// Both sites accept writes. There is no stretched storage in this model, so this is never right.
    pub fn two_writers(&self) -> bool {
        self.world.writes_a() && self.world.open_b
    }

    /// The work is over: both runs are done, or undone, or given up by a person.
    pub fn is_over(&self) -> bool {
        let cursor = self.database.cursor;
        let back = cursor.run > crate::plan::FAILOVER;
        self.hold.is_off()
            && match cursor.course {
                Course::Abandoned => true,
                Course::Ended | Course::Undone => back,
                Course::None | Course::Forward | Course::Unwinding | Course::Halted => false,
            }
    }
}
