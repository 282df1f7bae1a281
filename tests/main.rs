//! Tests over the whole product: one binary, one module for each kind.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the finding")]

mod bad_input;
mod conformance;
mod console;
mod crash;
mod scenarios;
mod tidy;
