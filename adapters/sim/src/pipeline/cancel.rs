//! Stops operations.

use muster_contract::{ErrorClass, OpId, OperationKind, Outcome, Receipt};
use muster_plans::id::SiteName;

use crate::ledger::{Entry, Phase};
use crate::world::World;

impl World {
    /// Operations that hang are killed. Those that had no effect are forgotten.
    pub(crate) fn free_hung(&mut self, site: &SiteName) {
        let open = self.ledger(site).map(|ledger| ledger.open()).unwrap_or_default();
        for id in open {
            let hangs = self
                .ledger(site)
                .and_then(|ledger| ledger.entries.get(&id))
                .is_some_and(|entry| entry.phase == Phase::Running(None));
            if hangs {
                self.forget(site, id);
            }
        }
    }

    pub(crate) fn forget(&mut self, site: &SiteName, id: OpId) {
        if self.entry(site, id).is_some_and(|entry| entry.effects > 0) {
            let done = Receipt { already: false, at: None, note: None };
            return self.end(site, id, Outcome::Done(done));
        }
        let entry = self.ledger(site).and_then(|ledger| ledger.entries.remove(&id));
        if let Some(entry) = entry {
            if let Some(call) = &entry.call {
                self.end_move(site, &call.1);
            }
            self.next(site, &entry.object, id);
        }
    }

    /// Asks to stop an operation.
    pub(crate) fn cancel(&mut self, site: &SiteName, id: &OpId) -> Outcome<()> {
        if !self.reachable(site) {
            return Outcome::unknown("no answer");
        }
        let entry = self.ledger(site).and_then(|ledger| ledger.entries.get(id));
        // What was refused for its token alone is not known, and no end: it may come again.
        let Some(entry) = entry.filter(|entry| !entry.by_token) else {
            return self.never(site, *id);
        };
        let moves = entry.call.as_ref().is_some_and(|call| call.1.kind() == OperationKind::Migrate);
        match (entry.phase, entry.result.is_some()) {
            (Phase::Running(None), _) if entry.effects > 0 => {
                Outcome::unknown("it had its effect, and hangs")
            }
            (_, true) | (Phase::Ended, _) => {
                let class = ErrorClass::Precondition;
                Outcome::refused(class, "it has ended already")
            }
            (Phase::Queued | Phase::Running(None), _) => self.cancelled(site, *id),
            (Phase::Running(Some(_)), _) if moves => self.cancelled(site, *id),
            (Phase::Running(Some(_)) | Phase::Detached, _) => {
                Outcome::unknown("it is under way and cannot be stopped")
            }
        }
    }

    /// Cancelled before it came: it is refused when it comes.
    fn never(&mut self, site: &SiteName, id: OpId) -> Outcome<()> {
        if let Some(ledger) = self.ledger(site) {
            ledger.entries.insert(id, Entry::cancelled());
        }
        Outcome::Done(())
    }

    fn cancelled(&mut self, site: &SiteName, id: OpId) -> Outcome<()> {
        let refused: Outcome<Receipt> = Outcome::refused(ErrorClass::Precondition, "cancelled");
        self.end(site, id, refused);
        self.advance(self.now);
        Outcome::Done(())
    }
}
