//! Tests over the whole product: one binary, one module for each kind.

mod bad_input;
mod crash;
mod scenarios;
mod tidy;
