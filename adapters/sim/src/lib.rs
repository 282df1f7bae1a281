//! The simulated world: sites, arrays, hypervisors, links and a witness, with data and faults.
//!
//! The [`World`] is a plain value that is advanced by an instant that is handed in. The same seed and
//! the same inputs give the same world, byte for byte: that is what makes a simulation repeatable and
//! what lets a killed simulator come back from its file of inputs.
//!
//! Its volumes hold *who wrote what and when* instead of bytes, so that the [`Truth`] can tell what
//! was lost, what diverged and who wrote although somebody else did. No adapter call reaches the
//! truth: it is for tests and for people who look at the demo.
//!
//! [`Sim`] puts a clock and, if wanted, a state file under one world and hands out a site adapter for
//! each site.

mod adapter;
mod build;
mod clock;
mod control;
mod data;
mod fault;
mod fencing;
mod glance;
mod hand;
mod hypervisor;
mod inventory;
mod ledger;
mod look;
mod moment;
mod op;
mod persist;
mod pipeline;
mod rng;
mod sim;
mod storage;
mod truth;
mod world;

#[cfg(test)]
mod tests;

pub use adapter::{SimFencing, SimHypervisor, SimSite, SimStorage};
pub use build::{AppSpec, LinkSpec, LocalSpec, SiteSpec, SpecError, WorldSpec};
pub use clock::{SimClock, TokioClock};
pub use control::{Command, ControlError, Thing, ThingError};
pub use fault::{Fault, FaultId};
pub use glance::{Effect, Glance, GroupGlance};
pub use hand::{Console, SimHand};
pub use moment::{Hit, Moment};
pub use persist::StoreError;
pub use sim::{Calls, Sim, SimError};
pub use truth::{Discard, Divergence, Loss, Snapshot, Truth, Violation, ViolationKind};
pub use world::{Settings, World};
