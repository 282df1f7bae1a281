//! Making worlds.

mod assemble;
mod demo;
mod hosts;
mod replicated;
mod scaled;
mod spec;

pub use spec::{AppSpec, LinkSpec, LocalSpec, SiteSpec, SpecError, WorldSpec};
