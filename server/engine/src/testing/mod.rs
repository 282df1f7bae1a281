//! A journal, a clock, sites and graphs in memory, for tests and benchmarks of whoever uses the engine.
//!
//! The [`World`] is not a simulator: it has no seed, no data and no network. It is a table of objects
//! whose states follow operations, with a script of what goes wrong.

mod callouts;
mod clock;
mod journal;
mod sample;
mod world;

pub use callouts::ScriptedCallouts;
pub use clock::TokioClock;
pub use journal::MemoryJournal;
pub use sample::Sample;
pub use world::{Fault, Objects, World, WorldSite};

use std::sync::Arc;

use muster_plans::document::EvidenceKind;

use crate::engine::Ports;
use crate::event::{By, Opening};

/// Ports over a journal and a world.
pub fn ports(journal: &Arc<MemoryJournal>, world: &Arc<World>, clock: &Arc<TokioClock>) -> Ports {
    Ports {
        journal: journal.clone(),
        leases: journal.clone(),
        sites: world.clone(),
        callouts: world.callouts(),
        clock: clock.clone(),
    }
}

/// An opening that accepts all kinds of evidence.
pub fn opening(by: &str) -> Opening {
    Opening {
        by: By(by.to_owned()),
        reason: None,
        graph_digest: String::from("none"),
        evidence: Vec::new(),
        accepts: vec![EvidenceKind::Witness, EvidenceKind::Fence, EvidenceKind::Attestation],
    }
}
