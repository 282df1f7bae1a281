//! The adapter against real clusters. Which, is said in the environment; elsewhere the tests are skipped.

#![allow(clippy::unwrap_used, reason = "everything here is a test or a helper of one")]
#![allow(clippy::print_stderr, reason = "says why it was skipped, and how long things took")]

mod lab;
mod mirrored;
mod stretched;
