//! Every kind of step through the same mill.

mod caps;
mod crash;
mod faults;
mod leases;
mod people;
mod rig;
mod stops;
mod success;
