//! Tests over the whole product: one binary, one module for each kind.

mod tidy;
