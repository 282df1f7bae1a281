//! Two adapters, two file systems, one group: what operators live through.
//!
//! Runs as root where btrfs can be mounted through a loop device, and says `skipped: …` elsewhere; with
//! `MUSTER_NEEDS_BTRFS` set it fails there instead.

#![allow(clippy::unwrap_used, reason = "everything here is a test or a helper of one")]
#![allow(clippy::print_stderr, reason = "says why it was skipped")]

mod broken;
mod guards;
mod lab;
mod returned;
mod volumes;
mod walk;
