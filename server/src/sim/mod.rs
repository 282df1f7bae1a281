//! The simulated world as a process of its own, and how it is broken, healed and examined.

mod client;
mod control;
mod process;
mod what;

pub use client::SimClient;
pub use process::{WorldOptions, run};
pub use what::{What, parse_what};
