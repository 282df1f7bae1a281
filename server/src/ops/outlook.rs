//! What a failover of each plan would be, compiled once and kept while nothing changes.
//!
//! The overview shows every plan to everybody who looks, every few seconds. Compiling hundreds of
//! plans each time would cost more than running them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use muster_plans::compile::Compiled;
use muster_plans::id::PlanName;

use super::compile::seen_at;
use super::{Refused, Standing, Wanted, compile_now, forecast};
use crate::api::dto::{ForecastDto, StartKind};
use crate::app::App;
use crate::landscape::Landscape;

/// Warnings name the ages of recovery points: they are no older than this.
const AGES_COUNT_MS: i64 = 60_000;

/// A failover as it would be now.
#[derive(Debug)]
pub struct Outlook {
    /// Its graph and its warnings.
    pub compiled: Compiled,
    /// How long it would take.
    pub forecast: ForecastDto,
}

/// Everything that a failover depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Basis {
    /// Digest of all documents.
    documents: String,
    /// Of inventory, links, witnesses and capabilities.
    generation: u64,
    /// Version of the plan's state.
    standing: u64,
    /// To the minute, by the sites' clocks.
    seen: i64,
}

type Kept = (Basis, Result<Arc<Outlook>, Refused>);

/// What is kept, by plan.
#[derive(Debug, Default)]
pub struct Outlooks {
    kept: Mutex<BTreeMap<PlanName, Kept>>,
    compiled: AtomicU64,
}

impl Outlooks {
    /// How often a plan was compiled for it.
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    fn find(&self, plan: &PlanName, basis: &Basis) -> Option<Result<Arc<Outlook>, Refused>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(plan).filter(|(known, _)| known == basis).map(|(_, outlook)| outlook.clone())
    }

    /// Plans that no document names any more are dropped with it.
    fn keep(&self, landscape: &Landscape, plan: &PlanName, kept: Kept) {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|plan, _| landscape.config.plans.contains_key(plan));
        all.insert(plan.clone(), kept);
    }
}

/// What a failover of a plan would be, as the landscape is.
///
/// # Errors
/// With all findings, where it cannot be compiled.
pub async fn outlook(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
) -> Result<Arc<Outlook>, Refused> {
    let basis = Basis {
        documents: landscape.digest.clone(),
        generation: landscape.generation,
        standing: standing.version,
        seen: seen_at(landscape).0.div_euclid(AGES_COUNT_MS),
    };
    if let Some(known) = app.outlooks.find(plan, &basis) {
        return known;
    }
    app.outlooks.compiled.fetch_add(1, Ordering::Relaxed);
    let wanted = Wanted::of(StartKind::Failover);
    let compiled = compile_now(app, landscape, plan, standing, &wanted).await;
    let made = compiled.map(|compiled| {
        let forecast = forecast(&compiled.graph);
        Arc::new(Outlook { compiled, forecast })
    });
    app.outlooks.keep(landscape, plan, (basis, made.clone()));
    made
}
