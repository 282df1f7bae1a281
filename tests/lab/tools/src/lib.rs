//! What the lab of two sites needs beside shell.
//!
//! - `muster-lab-workload` is the program of the guests: it writes numbered records to its disk, and says
//!   of each one that it is acknowledged.
//! - `muster-lab-relay` is a link between two TAP devices with delay, rate, loss and cuts.
//! - `muster-lab-clock` tells guests the machine's time.
//! - `muster-lab-judge` compares what was acknowledged with what survived.

pub mod clock;
pub mod judge;
pub mod link;
pub mod record;
pub mod table;
