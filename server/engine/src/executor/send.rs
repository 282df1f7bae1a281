//! Sending steps whose intent is durable.

use std::sync::Arc;

use muster_plans::graph::{Action, StepIx};
use muster_plans::guard::{Guard, holds};
use muster_plans::time::Span;

use super::job::perform;
use super::shop::Job;
use super::{Executor, FirstTry, Report, UnderWay};
use crate::decide::Send;
use crate::engine::Stop;
use crate::event::Event;
use crate::state::StepState;
use crate::step;

/// Timeouts that mean that there is none.
const NO_LIMIT: [u32; 2] = [0, u32::MAX];

impl Executor {
    pub(super) fn send(&mut self) -> Result<(), Stop> {
        if self.closing {
            return Ok(());
        }
        while let Some(send) = self.decider.send() {
            self.live.state().hold(send.step, false);
            let job = self.job(send);
            self.under_way.insert(job.step, UnderWay { abort: None, holds: true });
            let step = self.shop.graph.step(job.step);
            let (action, timeout) = (step.action, step.timeout_ms);
            match action {
                // Without a limit of time there is nothing to do but to wait for the answer.
                Action::Prompt(_) if NO_LIMIT.contains(&timeout) => self.release(job.step),
                Action::Gate(_) if self.open_gate(job.step)? => {}
                _ => self.spawn(job),
            }
        }
        Ok(())
    }

    pub(super) fn spawn(&mut self, job: Job) {
        let (step, shop) = (job.step, Arc::clone(&self.shop));
        let looks = !job.undo && step::only_looks(shop.graph.step(step));
        let abort =
            self.tasks.spawn(async move { Report::Step(Box::new(perform(shop, job).await)) });
        // Only what can be dropped without a trace is ever dropped; the others need no handle.
        if looks && let Some(under_way) = self.under_way.get_mut(&step) {
            under_way.abort = Some(abort);
        }
    }

    fn job(&mut self, send: Send) -> Job {
        let now = self.shop.now();
        let step = self.shop.graph.step(send.step);
        let timeout = match step.timeout_ms {
            0 => self.shop.core.limits.timeout,
            ms => Span(u64::from(ms)),
        };
        let state = self.live.state();
        let undo = state.step(send.step) == Some(StepState::Undoing);
        let attempt = state.attempt(send.step);
        let accepts = match (step.action, state.opening()) {
            (Action::Gate(_), Some(opening)) => opening.accepts.clone(),
            _ => Vec::new(),
        };
        self.tries.entry((send.step, undo)).or_insert(FirstTry { attempt, at: now });
        Job {
            step: send.step,
            attempt,
            undo,
            seq: send.seq,
            resumed: self.resumed.remove(&send.step),
            only_ask: !undo && state.is_stopping(),
            accepts,
            begun: now,
            deadline: now + timeout,
        }
    }

    /// What only looks is dropped when the run stops: it leaves no trace, and would keep the run from
    /// coming to rest.
    pub(super) fn drop_lookers(&mut self) -> Result<(), Stop> {
        if !self.live.state().is_stopping() {
            return Ok(());
        }
        let graph = Arc::clone(&self.shop.graph);
        let running: Vec<StepIx> = {
            let state = self.live.state();
            let looks = |ix: &&StepIx| {
                step::only_looks(graph.step(**ix)) && state.step(**ix) == Some(StepState::Running)
            };
            self.under_way.keys().filter(looks).copied().collect()
        };
        for step in running {
            self.emit(Event::Withdrawn { step })?;
            self.done_with(step);
        }
        Ok(())
    }

    /// A step is not under way any more.
    pub(super) fn done_with(&mut self, step: StepIx) {
        self.release(step);
        if let Some(under_way) = self.under_way.remove(&step)
            && let Some(abort) = under_way.abort
        {
            abort.abort();
        }
    }

    /// A step that is still open holds nothing from now on: it waits for a person.
    pub(super) fn release(&mut self, step: StepIx) {
        if let Some(under_way) = self.under_way.get_mut(&step)
            && std::mem::take(&mut under_way.holds)
        {
            self.decider.release(step);
        }
    }

    /// Opens a gate whose evidence is there. `false`: it is not.
    pub(super) fn open_gate(&mut self, step: StepIx) -> Result<bool, Stop> {
        let Action::Gate(kind) = self.shop.graph.step(step).action else {
            return Ok(false);
        };
        let muster_plans::graph::GateKind::EvidenceAgainst(against) = kind;
        let now = self.shop.now();
        let site = self.shop.graph.site(against);
        let found = self.live.state().evidence_against(site, now).map(|e| e.source.to_string());
        if found.is_none() && holds(Guard::EvidenceFirst) {
            return Ok(false);
        }
        let receipt =
            muster_contract::Receipt { note: found, ..muster_contract::Receipt::default() };
        self.emit(Event::Done { step, undo: false, receipt })?;
        self.done_with(step);
        Ok(true)
    }

    /// Evidence has come in: whoever waits for it looks again.
    pub(super) fn open_gates(&mut self) -> Result<(), Stop> {
        let gates: Vec<StepIx> = {
            let state = self.live.state();
            let sent = |ix: &StepIx| {
                self.under_way.contains_key(ix) && state.step(*ix) == Some(StepState::Running)
            };
            state.waiting().filter(sent).collect()
        };
        for step in gates {
            self.open_gate(step)?;
        }
        Ok(())
    }
}
