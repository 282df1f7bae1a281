//! What a caller that waits is told.

use muster_contract::{OpId, Outcome};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};

use super::Answer;
use crate::ledger::Phase;
use crate::world::World;

impl World {
    /// How an operation stands for a caller that waits until its deadline.
    pub(crate) fn poll(&mut self, site: &SiteName, id: OpId, deadline: Time) -> Answer {
        let now = self.now;
        if !self.reachable(site) {
            return Answer::At(now, Outcome::unknown("no answer"));
        }
        let Some(entry) = self.entry(site, id) else {
            return Answer::At(now, Outcome::unknown("no answer"));
        };
        if let Some((at, reply)) = &entry.reply {
            return Answer::At((*at).max(now), reply.clone());
        }
        if let Some(result) = &entry.result {
            return Answer::At(now, result.clone());
        }
        if now >= deadline {
            return Answer::At(now, Outcome::unknown("no result by the deadline"));
        }
        let due = match entry.phase {
            Phase::Running(due) => due,
            _ => None,
        };
        let object = entry.object.clone();
        let due = due.or_else(|| self.head_due(site, &object)).unwrap_or(deadline);
        Answer::Wait(due.max(now + Span(1)).min(deadline))
    }

    /// When the operation that has an object is due.
    fn head_due(&mut self, site: &SiteName, object: &str) -> Option<Time> {
        let ledger = self.ledger(site)?;
        let head = ledger.queues.get(object)?.front()?;
        match ledger.entries.get(head)?.phase {
            Phase::Running(due) => due,
            Phase::Queued | Phase::Detached | Phase::Ended => None,
        }
    }
}
