//! The way of an operation: accepted, waiting for its object, checked, having its effect, ended.

mod cancel;
mod effect;
mod poll;

use muster_contract::{ErrorClass, OpContext, OpId, Operation, OperationKind, Outcome, Receipt};
use muster_plans::guard::{Guard, holds};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};

use crate::fault::{Fault, FaultId};
use crate::ledger::{Entry, Ledger, Phase};
use crate::moment::Moment;
use crate::op::{Call, Todo};
use crate::world::{Event, World};

/// What a caller gets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// This, at this instant.
    At(Time, Outcome<Receipt>),
    /// Whatever [`World::poll`] says, to be asked again at this instant.
    Wait(Time),
}

/// A new operation, on its way.
struct Request<'a> {
    site: &'a SiteName,
    ctx: &'a OpContext,
    op: &'a Operation,
    fault: Option<Fault>,
    takes: Span,
}

impl World {
    pub(crate) fn ledger(&mut self, site: &SiteName) -> Option<&mut Ledger> {
        self.sites.get_mut(site).map(|site| &mut site.ledger)
    }

    pub(crate) fn entry(&mut self, site: &SiteName, op: OpId) -> Option<&mut Entry> {
        self.ledger(site)?.entries.get_mut(&op)
    }

    /// Whether the server gets answers from a site.
    pub(crate) fn reachable(&self, name: &SiteName) -> bool {
        let up = self.sites.get(name).is_some_and(|site| site.powered && site.server_link);
        up && !self.flapping(name)
    }

    /// An operation arrives.
    pub(crate) fn submit(&mut self, site: &SiteName, ctx: &OpContext, op: &Operation) -> Answer {
        let answer = self.accept(site, ctx, op);
        // Whatever takes no time has its effect within the same instant.
        self.advance(self.now);
        match answer {
            Some(answer) => answer,
            None => self.poll(site, ctx.op_id, ctx.deadline),
        }
    }

    fn accept(&mut self, site: &SiteName, ctx: &OpContext, op: &Operation) -> Option<Answer> {
        let now = self.now;
        let refused = |class, text: &str| Some(Answer::At(now, Outcome::refused(class, text)));
        if !self.reachable(site) {
            let at = (now + self.settings.scaled(self.settings.no_answer)).min(ctx.deadline);
            return Some(Answer::At(at, Outcome::unknown("no answer")));
        }
        if &ctx.domain.site != site {
            return refused(ErrorClass::Precondition, "the fence domain is of another site");
        }
        if ctx.dry_run {
            return Some(Answer::At(now, self.dry_run(site, ctx, op)));
        }
        if let Some(answer) = self.known(site, ctx, op) {
            return answer;
        }
        if ctx.deadline <= now {
            return refused(ErrorClass::Retry, "the deadline had passed before it began");
        }
        let fault = self.strike(site, op.kind(), &op.object());
        let takes = self.latency(op.kind(), fault.as_ref());
        if let Some(fault) = &fault
            && let Some(outcome) = self.strike_before(site, ctx.op_id, op, fault)
        {
            return Some(Answer::At(now, outcome));
        }
        let at_the_door = fault.as_ref().filter(|f| f.moment.is_none_or(|m| m == Moment::Before));
        match at_the_door.map(|fault| fault.id) {
            Some(FaultId::F14) => refused(ErrorClass::Auth, "the credentials have expired"),
            Some(FaultId::F16) => refused(ErrorClass::Retry, "429 too many requests"),
            Some(FaultId::F2) => {
                let at = (now + takes).min(ctx.deadline);
                Some(Answer::At(at, Outcome::unknown("the request timed out")))
            }
            _ => {
                self.record(Request { site, ctx, op, fault, takes });
                None
            }
        }
    }

    /// What is known of an operation that was asked for before. `None`: nothing, it is new.
    fn known(
        &mut self,
        site: &SiteName,
        ctx: &OpContext,
        op: &Operation,
    ) -> Option<Option<Answer>> {
        let now = self.now;
        let entry = self.entry(site, ctx.op_id)?;
        if !entry.digest.is_empty() && entry.digest != op.digest() {
            let text = "this operation id was used with other arguments";
            let outcome = Outcome::refused(ErrorClass::Precondition, text);
            return Some(Some(Answer::At(now, outcome)));
        }
        if (entry.by_token && ctx.token > entry.token) || !holds(Guard::Memory) {
            self.ledger(site)?.entries.remove(&ctx.op_id);
            return None;
        }
        // A new executor asks for what an old one began: its word counts from now on.
        entry.token = entry.token.max(ctx.token);
        Some(None)
    }

    fn dry_run(&mut self, site: &SiteName, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let call = Call { site, ctx };
        match self.check(&call, op) {
            Err(reason) => Outcome::Refused(reason),
            Ok(todo) => Outcome::Done(Receipt {
                already: todo == Todo::Nothing,
                at: None,
                note: Some("dry run: nothing was changed".to_owned()),
            }),
        }
    }

    fn latency(&mut self, kind: OperationKind, fault: Option<&Fault>) -> Span {
        let base = self.settings.scaled(self.settings.base(kind));
        let spread = (self.rng.unit() * 2.0 - 1.0) * self.settings.jitter;
        let early = |f: &Fault| f.moment.is_none_or(|moment| moment == Moment::Before);
        let slow =
            if fault.is_some_and(|f| f.id == FaultId::F13 && early(f)) { 100.0 } else { 1.0 };
        Span((base.0 as f64 * (1.0 + spread) * slow).round() as u64)
    }

    fn record(&mut self, request: Request<'_>) {
        let Request { site, ctx, op, fault, takes } = request;
        let (now, id, object) = (self.now, ctx.op_id, op.object());
        let mut entry = Entry {
            digest: op.digest(),
            object: object.clone(),
            token: ctx.token,
            phase: Phase::Queued,
            call: Some(Box::new((ctx.clone(), op.clone()))),
            result: None,
            by_token: false,
            reply: None,
            put_off: None,
            effects: 0,
            takes,
            fault: fault.map(Box::new),
        };
        let late = self.detach(&mut entry, ctx);
        let Some(ledger) = self.ledger(site) else { return };
        ledger.high_water = ledger.high_water.max(ctx.token);
        let detached = entry.phase == Phase::Detached;
        let ended = entry.phase == Phase::Ended;
        ledger.entries.insert(id, entry);
        if ended {
            return;
        }
        if detached {
            ledger.detached.push(id);
            let event = Event::Effect { site: site.clone(), op: id };
            self.queue.plan(late.unwrap_or(now), event);
            return;
        }
        let queue = ledger.queues.entry(object).or_default();
        queue.push_back(id);
        if queue.len() == 1 {
            self.start(site, id);
        } else {
            let event = Event::Deadline { site: site.clone(), op: id };
            self.queue.plan(ctx.deadline, event);
        }
    }

    /// Faults that let go of the caller before the effect. Says when the effect comes.
    fn detach(&self, entry: &mut Entry, ctx: &OpContext) -> Option<Time> {
        let fault = entry.fault.clone()?;
        if fault.moment.is_some_and(|moment| moment != Moment::Before) {
            return None;
        }
        let (now, takes) = (self.now, entry.takes);
        let done = Receipt { already: false, at: Some(now), note: None };
        match fault.id {
            FaultId::F4 => {
                let timeout = Outcome::unknown("the request timed out");
                entry.reply = Some(((now + takes).min(ctx.deadline), timeout));
                entry.phase = Phase::Detached;
                Some(now + takes + fault.wait())
            }
            FaultId::F5 => {
                entry.result = Some(Outcome::Done(done));
                entry.phase = Phase::Detached;
                Some(now + takes + fault.wait())
            }
            FaultId::F6 => {
                entry.result = Some(Outcome::Done(done));
                entry.phase = Phase::Ended;
                entry.call = None;
                None
            }
            FaultId::F8 => {
                entry.phase = Phase::Detached;
                Some(ctx.deadline)
            }
            FaultId::F17 if fault.moment.is_some() => {
                entry.reply = Some((now, Outcome::unknown("the answer could not be read")));
                None
            }
            _ => None,
        }
    }
}
