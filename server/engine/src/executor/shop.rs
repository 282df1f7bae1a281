//! What the tasks of one run share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use muster_contract::{FenceDomain, OpContext, OpId, Outcome, SiteAdapter, Token};
use muster_plans::document::EvidenceKind;
use muster_plans::graph::{Graph, StepIx};
use muster_plans::guard::{Guard, holds};
use muster_plans::id::{RunId, SiteName};
use muster_plans::time::{Span, Time};

use crate::engine::Core;
use crate::ports::Fence;
use crate::step::{self, Domains};

/// One attempt of a step, or of its undo.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) step: StepIx,
    pub(super) attempt: u32,
    pub(super) undo: bool,
    /// Position of the intent.
    pub(super) seq: u64,
    /// Somebody may have begun it before: ask before anything is done.
    pub(super) resumed: bool,
    /// Nothing new is started in this run: find out what became of it, and leave it at that.
    pub(super) only_ask: bool,
    /// Kinds of evidence that a gate may gather.
    pub(super) accepts: Vec<EvidenceKind>,
    pub(super) begun: Time,
    pub(super) deadline: Time,
}

pub(crate) struct Shop {
    pub(super) core: Arc<Core>,
    pub(super) run: RunId,
    pub(super) fence: Fence,
    pub(super) graph: Arc<Graph>,
    domains: Domains,
    /// Floors that this executor has raised. An operation of its own that was still on its way under
    /// a lower token is refused then, and tried again under a higher one.
    floors: Mutex<BTreeMap<FenceDomain, Floor>>,
}

/// What was asked for, and what the agent has said that it keeps.
#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    asked: Token,
    kept: Token,
}

impl Shop {
    pub(crate) fn new(core: Arc<Core>, run: RunId, fence: Fence, graph: Arc<Graph>) -> Shop {
        let domains = Domains::of(&graph);
        Shop { core, run, fence, graph, domains, floors: Mutex::default() }
    }

    pub(super) fn now(&self) -> Time {
        self.core.ports.clock.now()
    }

    pub(super) async fn sleep(&self, span: Span) {
        self.core.ports.clock.sleep(span).await;
    }

    pub(super) fn adapter(&self, site: &SiteName) -> Option<Arc<dyn SiteAdapter>> {
        self.core.ports.sites.adapter(site)
    }

    pub(super) fn token(&self, seq: u64) -> Token {
        Token { incarnation: self.fence.incarnation, epoch: self.fence.epoch, seq }
    }

    pub(super) fn op_id(&self, job: &Job) -> OpId {
        OpId { run: self.run, step: job.step, attempt: job.attempt, undo: job.undo }
    }

    pub(super) fn domain(&self, step: StepIx, site: &SiteName) -> FenceDomain {
        self.domains.domain(&self.graph, self.graph.step(step), site.clone())
    }

    pub(super) fn context(&self, job: &Job, site: &SiteName) -> OpContext {
        OpContext {
            op_id: self.op_id(job),
            token: self.token(job.seq),
            domain: self.domain(job.step, site),
            deadline: job.deadline,
            dry_run: false,
            mode: step::mode(self.graph.kind, &self.graph.step(job.step).action),
            run_tag: self.graph.tag.clone(),
        }
    }

    /// Makes everything older than a token impossible at a site. `false`: nobody can say that it is.
    pub(super) async fn raise(
        &self,
        adapter: &dyn SiteAdapter,
        domain: &FenceDomain,
        token: Token,
    ) -> bool {
        if self.floor(domain).kept >= token || !holds(Guard::RaiseFirst) {
            return true;
        }
        self.note_floor(domain, |floor| floor.asked = floor.asked.max(token));
        match adapter.raise_fence(domain, token).await {
            Outcome::Done(kept) if kept >= token => {
                self.note_floor(domain, |floor| floor.kept = floor.kept.max(token));
                true
            }
            _ => false,
        }
    }

    fn note_floor(&self, domain: &FenceDomain, change: impl FnOnce(&mut Floor)) {
        let mut floors = self.floors.lock().unwrap_or_else(PoisonError::into_inner);
        change(floors.entry(domain.clone()).or_default());
    }

    fn floor(&self, domain: &FenceDomain) -> Floor {
        let floors = self.floors.lock().unwrap_or_else(PoisonError::into_inner);
        floors.get(domain).copied().unwrap_or_default()
    }

    /// Whether this executor has itself made the token of a job too low.
    pub(super) fn outbid(&self, job: &Job, site: &SiteName) -> bool {
        self.token(job.seq) < self.floor(&self.domain(job.step, site)).asked
    }
}
