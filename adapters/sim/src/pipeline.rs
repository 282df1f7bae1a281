//! The way of an operation: accepted, waiting for its object, checked, having its effect, ended.

use muster_contract::{
    ErrorClass, OpContext, OpId, Operation, OperationKind, Outcome, Receipt, Token,
};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};

use crate::fault::{Fault, FaultId};
use crate::ledger::{Entry, Ledger, Phase};
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

    fn entry(&mut self, site: &SiteName, op: OpId) -> Option<&mut Entry> {
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
        match fault.as_ref().map(|fault| fault.id) {
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
        if entry.digest != op.digest() {
            let text = "this operation id was used with other arguments";
            let outcome = Outcome::refused(ErrorClass::Precondition, text);
            return Some(Some(Answer::At(now, outcome)));
        }
        if entry.by_token && ctx.token > entry.token {
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
        let slow = if fault.is_some_and(|f| f.id == FaultId::F13) { 100.0 } else { 1.0 };
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
            _ => None,
        }
    }

    /// An operation has its object to itself.
    fn start(&mut self, site: &SiteName, id: OpId) {
        let Some(entry) = self.entry(site, id) else { return };
        let (token, takes, hangs) = (entry.token, entry.takes, entry.struck_by(FaultId::F9));
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
        if let Some(fault) = fault.filter(|fault| fault.id == FaultId::F1) {
            let class = fault.class.unwrap_or(ErrorClass::Precondition);
            return self.end(site, id, Outcome::refused(class, "the backend refused"));
        }
        let outcome = match self.check(&call, &op) {
            Err(reason) => Outcome::Refused(reason),
            Ok(Todo::Nothing) => already(),
            Ok(Todo::Work(_)) => match self.meet(&call, &op) {
                Ok(None) => self.strike_effect(&call, &op, fault),
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
        fault: Option<&Fault>,
    ) -> Outcome<Receipt> {
        let (site, id, now) = (call.site, call.ctx.op_id, self.now);
        let struck = fault.map(|fault| fault.id);
        if struck == Some(FaultId::F10) {
            if let Some(part) = crate::hypervisor::part(op) {
                self.apply(call, &part);
            }
            return Outcome::unknown("the backend stopped half way");
        }
        let note = self.apply(call, op);
        let lost = match struck {
            Some(FaultId::F3) => Some("the request timed out"),
            Some(FaultId::F17) => Some("the answer could not be read"),
            _ => None,
        };
        if let Some(entry) = self.entry(site, id) {
            entry.effects += 1;
            entry.reply = lost.map(|text| (now, Outcome::unknown(text)));
        }
        if let Some(fault) = fault.filter(|fault| fault.id == FaultId::F7) {
            self.queue.plan(now + fault.wait(), Event::Again { site: site.clone(), op: id });
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
        let reordered: Vec<OpId> = ledger.detached.iter().copied().collect();
        let mut next = None;
        if let Some(queue) = ledger.queues.get_mut(object) {
            queue.retain(|id| *id != ended);
            next = queue.front().copied();
            if queue.is_empty() {
                ledger.queues.remove(object);
            }
        }
        for id in reordered {
            let entry = self.entry(site, id);
            if entry.is_some_and(|e| e.object == object && e.struck_by(FaultId::F8)) {
                self.queue.plan(self.now, Event::Effect { site: site.clone(), op: id });
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

fn already() -> Outcome<Receipt> {
    Outcome::Done(Receipt { already: true, at: None, note: None })
}
