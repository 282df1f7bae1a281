//! Hosts behind BMCs: ones that misbehave, made here, and two programs that other people wrote.

#![allow(clippy::unwrap_used, reason = "everything here is a test or a helper of one")]
#![allow(clippy::print_stderr, reason = "says why a test was skipped")]

mod fences;
mod ipmi;
mod lab;
mod lies;
mod place;
mod program;
mod stub;
mod sushy;
mod trust;
