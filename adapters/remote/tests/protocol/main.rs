//! The adapter protocol, both sides over loopback.

#![allow(clippy::unwrap_used, reason = "everything here is a test or a helper of one")]

mod around;
mod both_sides;
mod broken;
mod callers;
mod common;
mod defect;
mod defects;
mod kit;
mod openapi;
mod saboteur;
mod stand;
mod whole;
mod wire;
