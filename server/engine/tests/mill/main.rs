//! Every kind of step through the same mill.

mod rig;
mod success;
