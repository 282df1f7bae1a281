//! An operation has its object, its effect, and its end.

use muster_contract::{ErrorClass, OpId, Operation, Outcome, Receipt, Token};
use muster_plans::id::SiteName;
use muster_plans::time::Span;

use crate::fault::{Fault, FaultId};
use crate::ledger::Phase;
use crate::moment::Moment;
use crate::op::{Call, Todo};
use crate::world::{Event, World};

impl World {
    /// An operation has its object to itself.
    pub(super) fn start(&mut self, site: &SiteName, id: OpId) {
        let Some(entry) = self.entry(site, id) else { return };
        let (token, takes) = (entry.token, entry.takes);
        let moment = entry.fault.as_ref().and_then(|fault| fault.moment);
        let at_once = moment.is_none_or(|moment| moment == Moment::Before);
        let hangs = entry.struck_by(FaultId::F9) && at_once;
        let at_effect = entry.struck_by(FaultId::F7) || entry.struck_by(FaultId::F10);
        let Some(call) = entry.call.clone() else { return };
        let (ctx, op) = *call;
        if self.refuse_old(site, id, token) {
            return;
        }
        match self.check(&Call { site, ctx: &ctx }, &op) {
            Err(reason) => self.end(site, id, Outcome::Refused(reason)),
            Ok(Todo::Nothing) => self.end(site, id, already()),
            Ok(Todo::Work(extra)) => {
                let due = self.now + takes + extra;
                if let Some(entry) = self.entry(site, id) {
                    entry.phase = Phase::Running((!hangs).then_some(due));
                }
                if hangs {
                    return;
                }
                self.begin_move(site, &op, due);
                if moment == Some(Moment::During) && !at_effect {
                    let half = self.now + Span((takes + extra).0 / 2);
                    self.queue.plan(half, Event::HalfWay { site: site.clone(), op: id });
                }
                self.queue.plan(due, Event::Effect { site: site.clone(), op: id });
            }
        }
    }

    /// A token that is too low ends the operation, here, where the effect would happen.
    fn refuse_old(&mut self, site: &SiteName, id: OpId, token: Token) -> bool {
        let Some(ledger) = self.ledger(site) else { return true };
        let Some(entry) = ledger.entries.get(&id) else { return true };
        let Some(call) = &entry.call else { return true };
        let Err(text) = ledger.admits(&call.0.domain, &entry.object, token, id) else {
            return false;
        };
        if let Some(entry) = self.entry(site, id) {
            entry.by_token = true;
        }
        self.end(site, id, Outcome::refused(ErrorClass::Precondition, text));
        true
    }

    pub(crate) fn effect(&mut self, site: &SiteName, id: OpId) {
        let Some(entry) = self.entry(site, id) else { return };
        let waits = matches!(entry.phase, Phase::Running(_) | Phase::Detached);
        let (token, fault) = (entry.token, entry.fault.clone());
        let Some(call) = entry.call.clone().filter(|_| waits) else { return };
        let (ctx, op) = *call;
        if self.refuse_old(site, id, token) {
            return;
        }
        let call = Call { site, ctx: &ctx };
        let fault = fault.as_deref();
        if let Some(fault) = fault.filter(|f| f.id == FaultId::F1 && f.moment.is_none()) {
            let class = fault.class.unwrap_or(ErrorClass::Precondition);
            return self.end(site, id, Outcome::refused(class, "the backend refused"));
        }
        let outcome = match self.check(&call, &op) {
            Err(reason) => Outcome::Refused(reason),
            Ok(Todo::Nothing) => already(),
            Ok(Todo::Work(_)) => match self.meet(&call, &op) {
                Ok(None) => {
                    let kind = op.kind();
                    let fault = fault.filter(|fault| self.strikes_effect(site, id, kind, fault));
                    let outcome = self.strike_effect(&call, &op, token, fault);
                    if fault.is_some_and(|fault| self.strike_after(site, id, fault)) {
                        return;
                    }
                    outcome
                }
                Ok(Some(later)) => {
                    let event = Event::Effect { site: site.clone(), op: id };
                    return self.queue.plan(later, event);
                }
                Err(reason) => Outcome::Refused(reason),
            },
        };
        self.end(site, id, outcome);
    }

    fn strike_effect(
        &mut self,
        call: &Call<'_>,
        op: &Operation,
        token: Token,
        fault: Option<&Fault>,
    ) -> Outcome<Receipt> {
        let (site, id, now) = (call.site, call.ctx.op_id, self.now);
        let struck = fault.map(|fault| fault.id);
        if struck == Some(FaultId::F10) {
            if let Some(part) = crate::hypervisor::part(op) {
                self.note_effect(site, call.ctx, op, token);
                self.apply(call, &part);
            }
            return Outcome::unknown("the backend stopped half way");
        }
        self.note_effect(site, call.ctx, op, token);
        let note = self.apply(call, op);
        let lost = match struck {
            Some(FaultId::F3) => Some("the request timed out"),
            Some(FaultId::F17) => Some("the answer could not be read"),
            _ => None,
        };
        if let Some(entry) = self.entry(site, id) {
            let moment = entry.fault.as_ref().and_then(|fault| fault.moment);
            let half_way = moment == Some(Moment::During);
            entry.effects += 1;
            // What the caller was told half way stays what it was told.
            let told = entry.reply.take().filter(|_| half_way);
            entry.reply = lost.map(|text| (now, Outcome::unknown(text))).or(told);
        }
        if let Some(fault) = fault.filter(|fault| fault.id == FaultId::F7) {
            let during = fault.moment == Some(Moment::During);
            let again = if during { now } else { now + fault.wait() };
            self.queue.plan(again, Event::Again { site: site.clone(), op: id });
        }
        Outcome::Done(Receipt { already: false, at: Some(self.shown(site, now)), note })
    }

    /// The backend does it a second time. Its own token check still holds.
    pub(crate) fn effect_again(&mut self, site: &SiteName, id: OpId) {
        let Some(ledger) = self.ledger(site) else { return };
        let Some(entry) = ledger.entries.get_mut(&id) else { return };
        let (token, object) = (entry.token, entry.object.clone());
        let Some(call) = entry.call.take() else { return };
        let (ctx, op) = *call;
        let Some(ledger) = self.ledger(site) else { return };
        if ledger.admits(&ctx.domain, &object, token, id).is_err() {
            return;
        }
        let call = Call { site, ctx: &ctx };
        // A backend that repeats itself does not look first, unless it would be impossible.
        if crate::op::repeatable(&op) || self.check(&call, &op) == Ok(Todo::WORK) {
            self.note_effect(site, &ctx, &op, token);
            self.apply(&call, &op);
            if let Some(entry) = self.entry(site, id) {
                entry.effects += 1;
            }
        }
    }

    /// The result of an operation; the next one on its object may begin.
    pub(crate) fn end(&mut self, site: &SiteName, id: OpId, outcome: Outcome<Receipt>) {
        let done = matches!(outcome, Outcome::Done(_));
        let Some(ledger) = self.ledger(site) else { return };
        ledger.detached.retain(|detached| *detached != id);
        let Some(entry) = ledger.entries.get_mut(&id) else { return };
        entry.phase = Phase::Ended;
        entry.result.get_or_insert(outcome);
        let (object, token) = (entry.object.clone(), entry.token);
        let repeats = entry.struck_by(FaultId::F7) && entry.effects == 1;
        let call = if repeats { entry.call.clone() } else { entry.call.take() };
        let Some(call) = call else { return };
        if done {
            ledger.admitted(&call.0.domain, &object, token, id);
        }
        self.end_move(site, &call.1);
        self.next(site, &object, id);
    }

    /// Lets the next operation on an object begin.
    pub(crate) fn next(&mut self, site: &SiteName, object: &str, ended: OpId) {
        let Some(ledger) = self.ledger(site) else { return };
        let reordered: Vec<OpId> = ledger.detached.clone();
        for id in reordered {
            let entry = self.entry(site, id);
            if let Some(entry) = entry.filter(|e| e.object == object && e.struck_by(FaultId::F8)) {
                entry.put_off = None;
                self.queue.plan(self.now, Event::Effect { site: site.clone(), op: id });
            }
        }
        self.leave_queue(site, object, ended);
    }

    /// An operation gives its object to the next one.
    pub(crate) fn leave_queue(&mut self, site: &SiteName, object: &str, left: OpId) {
        let Some(ledger) = self.ledger(site) else { return };
        let mut next = None;
        if let Some(queue) = ledger.queues.get_mut(object) {
            queue.retain(|id| *id != left);
            next = queue.front().copied();
            if queue.is_empty() {
                ledger.queues.remove(object);
            }
        }
        let Some(id) = next else { return };
        if self.entry(site, id).is_some_and(|entry| entry.phase == Phase::Queued) {
            self.start(site, id);
        }
    }

    /// Whoever waited for its object until the deadline gives up, with certainty.
    pub(crate) fn give_up(&mut self, site: &SiteName, id: OpId) {
        if self.entry(site, id).is_some_and(|entry| entry.phase == Phase::Queued) {
            let text = "the deadline passed while another operation had the object";
            self.end(site, id, Outcome::refused(ErrorClass::Retry, text));
        }
    }
}

fn already() -> Outcome<Receipt> {
    Outcome::Done(Receipt { already: true, at: None, note: None })
}
