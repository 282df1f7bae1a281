//! The open adapter protocol over HTTP, both sides of it.
//!
//! [`client::RemoteSite`] is a [`muster_contract::SiteAdapter`] whose agent runs in another process;
//! [`serve::router`] puts any `SiteAdapter` on the network. Both speak JSON as described by
//! [`openapi`], so that an agent can be written in any language. [`line::BentLine`] is what lies between
//! them when the conformance kit looks at what the client makes of it.

pub mod client;
pub mod line;
mod openapi;
mod problem;
pub mod serve;
pub mod tasks;
pub mod tls;
pub mod wire;

pub use openapi::openapi;
pub use problem::{Code, Problem};
