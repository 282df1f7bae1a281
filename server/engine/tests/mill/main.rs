//! Every kind of step through the same mill.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod caps;
mod crash;
mod faults;
mod leases;
mod people;
mod rig;
mod stops;
mod success;
