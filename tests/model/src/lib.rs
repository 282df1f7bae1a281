//! A model of the run protocol: two servers, two sites, one journal that may lose its tail.
//!
//! What is modelled, what is left out and which part of the product each piece stands for is in this
//! crate's `README.md`. Everything here is a value and a function from one value to the next; there is
//! no clock, no thread and no randomness. `stateright` walks through all states that can be reached.

mod action;
mod agent;
mod bounds;
mod check;
mod execute;
mod guards;
mod hold;
mod journal;
mod model;
mod net;
mod people;
mod plan;
mod properties;
mod sabotage;
mod sentence;
mod server;
mod settle;
mod state;
mod token;
mod trap;
mod turn;
mod walk;
mod world;

pub use action::Action;
pub use bounds::{ATTEMPTS, Budget, MESSAGES, Scope, scopes};
pub use check::{Figures, Story, explore, shortest};
pub use guards::{Check, Guards, Release};
pub use model::Protocol;
pub use sabotage::{SABOTAGES, Sabotage, sabotages};
pub use state::State;
pub use trap::{Traps, traps};
