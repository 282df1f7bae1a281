//! What a plan means, and everything that decides what to do.
//!
//! Inventory nouns, storage policies, protection groups, plan documents, mobility rules, step
//! graphs, forecasts, plan state. All of it is synchronous functions over values: this crate reads no
//! clock, makes no ids, does no I/O, and knows no adapter.

mod both;
pub mod check;
pub mod compile;
pub mod config;
pub mod document;
pub mod explain;
pub mod export;
pub mod finding;
pub mod fixture;
pub mod forecast;
pub mod graph;
pub mod group;
pub mod guard;
pub mod id;
pub mod inventory;
pub mod load;
pub mod mobility;
pub mod policy;
pub mod render;
pub mod run;
pub mod schema;
pub mod source;
pub mod state;
pub mod time;
pub mod writers;
mod yaml;
