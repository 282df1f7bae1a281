//! The way to the journal: one append on its way, the next one filling meanwhile.

use muster_plans::id::RunId;
use muster_plans::time::Time;
use tokio::sync::oneshot;

use super::Executor;
use crate::engine::Stop;
use crate::event::{Event, Ordinal, Record};
use crate::ports::{Append, Fence};
use crate::state::{Course, Illegal, RunState};
use crate::step::only_looks;
use crate::writer::{WriteError, Writer, heard};

/// Records that are applied and not yet durable.
pub(super) struct Outbox {
    run: RunId,
    fence: Fence,
    filling: Vec<Record>,
    on_the_way: Option<OnTheWay>,
    pub(super) durable: Ordinal,
}

struct OnTheWay {
    answer: oneshot::Receiver<Result<(), WriteError>>,
    records: Vec<Record>,
}

impl Outbox {
    pub(super) fn new(run: RunId, fence: Fence, durable: Ordinal) -> Outbox {
        Outbox { run, fence, filling: Vec::new(), on_the_way: None, durable }
    }

    /// Applies an event as the next record and puts it in line.
    pub(super) fn record(
        &mut self,
        state: &mut RunState,
        at: Time,
        event: Event,
    ) -> Result<Ordinal, Illegal> {
        let record = Record { seq: state.len(), at, epoch: self.fence.epoch, event };
        state.apply(&record)?;
        let seq = record.seq;
        self.filling.push(record);
        Ok(seq)
    }

    /// Sends what has gathered, unless something is on its way already.
    async fn submit(&mut self, writer: &Writer) {
        if self.on_the_way.is_some() || self.filling.is_empty() {
            return;
        }
        let records = std::mem::take(&mut self.filling);
        let append = Append { run: self.run, fence: self.fence.clone(), records: records.clone() };
        let answer = writer.submit(append).await;
        self.on_the_way = Some(OnTheWay { answer, records });
    }

    /// Comes back when what is on its way is durable, or is not; never where nothing is.
    pub(super) async fn answered(&mut self) -> Result<Vec<Record>, WriteError> {
        let Some(on_the_way) = &mut self.on_the_way else {
            return std::future::pending().await;
        };
        let answer = (&mut on_the_way.answer).await;
        let records = self.on_the_way.take().map(|sent| sent.records).unwrap_or_default();
        heard(answer)?;
        self.durable += records.len() as u64;
        Ok(records)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filling.is_empty() && self.on_the_way.is_none()
    }
}

impl Executor {
    pub(super) async fn flush(&mut self) {
        self.outbox.submit(&self.shop.core.writer).await;
    }

    /// What was written is durable: it may be acted upon, and told.
    pub(super) fn appended(&mut self, answer: Result<Vec<Record>, WriteError>) -> Result<(), Stop> {
        let records = answer?;
        self.decider.durable(self.outbox.durable);
        self.live.tell(records);
        let durable = self.outbox.durable;
        while self.replies.front().is_some_and(|(seq, _)| *seq < durable) {
            if let Some((_, reply)) = self.replies.pop_front() {
                // Who asked may have gone away in the meantime.
                _ = reply.send(Ok(()));
            }
        }
        self.live.pulse.send_modify(|pulse| pulse.records = durable);
        Ok(())
    }

    /// Whether this is the end, with everything written down.
    pub(super) fn at_end(&self) -> Option<Stop> {
        if !self.outbox.is_empty() {
            return None;
        }
        if let Course::Ended(ending) = self.live.state().course() {
            return Some(Stop::Ended(ending));
        }
        (self.closing && self.is_at_rest()).then_some(Stop::Shutdown)
    }

    /// Whether a shutdown need not wait: what only looks, or waits for a person, is taken up again by
    /// whoever resumes the run.
    fn is_at_rest(&self) -> bool {
        let mut under_way = self.under_way.iter();
        self.drained
            || !under_way.any(|(ix, job)| job.holds && !only_looks(self.shop.graph.step(*ix)))
    }
}
