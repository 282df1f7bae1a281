//! Muster, the application.

pub mod agent;
