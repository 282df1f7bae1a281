//! The simulated world as a process of its own, and how it is broken, healed and examined.

mod client;
mod console;
mod control;
mod process;
mod what;

pub use client::SimClient;
pub use process::{WorldOptions, run};
pub use what::{What, parse_what};

#[cfg(test)]
pub(crate) mod testing {
    //! A world in this process.

    use std::sync::Arc;

    use axum::Router;
    use muster_adapter_sim::{Settings, Sim, WorldSpec};
    use muster_contract::SiteAdapter;
    use muster_engine::Clock;
    use tokio::sync::Notify;

    use super::process::{WorldClock, router};
    use crate::clock::SystemClock;

    /// The demo's world, in which operations take no time.
    pub(crate) fn world() -> Router {
        router(&sim(), &Arc::new(Notify::new()), None)
    }

    /// One of its sites, of a world of its own.
    pub(crate) fn site(name: &str) -> Arc<dyn SiteAdapter> {
        sim().site(&name.into()).unwrap()
    }

    fn sim() -> Arc<Sim> {
        let clock = SystemClock::start();
        let spec = WorldSpec::demo(60, 1).with_settings(Settings::instant());
        let world = spec.build(clock.now()).unwrap();
        Arc::new(Sim::new(world, Arc::new(WorldClock(clock))))
    }
}
