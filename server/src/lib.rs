//! Muster, the application: everything that the pure core must not know. See `ARCHITECTURE.md`.

// No product has a switch for its guards: `muster-simulation` asks for it, in builds of its own.
const _: () = assert!(!muster_plans::guard::CAN_BE_SWITCHED_OFF);

pub mod agent;
pub mod api;
pub mod app;
pub mod auth;
pub mod callout;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod http;
pub mod ids;
pub mod landscape;
pub mod logging;
pub mod ops;
mod routes;
mod secrets;
pub mod server;
pub mod sim;
pub mod sites;
pub mod tasks;
#[cfg(test)]
mod tests;
pub mod ui;
pub mod view;
