//! Two adapters, two folders, one group, and no guest that runs: what the two legs tell each other, and what
//! operators live through. Runs everywhere.

#![allow(clippy::unwrap_used, reason = "everything here is a test or a helper of one")]

mod broken;
mod guards;
mod lab;
mod returned;
mod volumes;
mod walk;
