//! Deterministic simulation: the real `plans` and `engine`, the simulated world, one to three servers,
//! one database, virtual time, and faults, all from one seed.
//!
//! [`play`] plays one seed and gives a [`Report`]. After every commit of the database and every message
//! to or from a site the invariants I1 to I16 are evaluated; the first one that is broken ends the
//! play. The same seed gives the same trace, so that a failing seed is replayed by its number.

mod clock;
mod cue;
mod database;
mod desk;
mod drill;
mod example;
mod invariant;
mod life;
mod line;
mod matrix;
mod nemesis;
mod net;
mod operator;
mod play;
mod plot;
mod release;
#[cfg(feature = "sabotage")]
pub mod sabotage;
mod scene;
mod server;
mod sql;
mod standing;
mod start;
mod sweep;
mod trace;
mod watch;

pub use cue::{Act, Part, Plot, Spot, Told, Trouble, ways};
pub use drill::Drill;
pub use example::Setting;
pub use invariant::{Broken, Invariant};
pub use life::{Crash, Place};
pub use matrix::{Ask, Cell, Fate, Matrix, Tally, matrix, story, tally};
pub use nemesis::FaultKind;
pub use play::{Mode, Options, Report, Store, play};
pub use scene::Workflow;
pub use sweep::{Swept, sweep};
