//! A site's agent over the world: results by operation id, tokens checked at the effect.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, Observed, OpContext, OpId, OpStatus,
    Operation, Outcome, PROTOCOL_VERSION, Query, Receipt, SiteAdapter, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};
use muster_plans::time::Time;

use super::effects::outcome;
use super::{Fault, Inner, World};
use crate::event::Event;

/// One site of a [`World`].
#[derive(Debug)]
pub struct WorldSite {
    name: SiteName,
    world: Weak<World>,
}

impl WorldSite {
    pub(super) fn new(name: SiteName, world: Weak<World>) -> WorldSite {
        WorldSite { name, world }
    }

    fn world(&self) -> Result<Arc<World>, AdapterError> {
        let gone = || AdapterError::new(ErrorClass::Bug, "the world is gone");
        let world = self.world.upgrade().ok_or_else(gone)?;
        let mut inner = world.inner();
        *inner.asked.entry(self.name.clone()).or_default() += 1;
        let down = inner.down.contains(&self.name);
        drop(inner);
        if down {
            let words = format!("{} is out of reach", self.name);
            return Err(AdapterError::new(ErrorClass::Retry, words));
        }
        Ok(world)
    }

    fn nothing<T>() -> Result<T, AdapterError> {
        Err(AdapterError::new(ErrorClass::Unsupported, "the test world has no inventory"))
    }
}

impl World {
    /// An intent with this token must stand in the journal.
    fn check_intent(&self, ctx: &OpContext) -> Option<String> {
        let journal = self.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let record = journal.as_ref()?.record(ctx.op_id.run, ctx.token.seq);
        let OpId { step, attempt, undo, .. } = ctx.op_id;
        match record.map(|record| record.event) {
            Some(Event::Intent { step: s, attempt: a, undo: u })
                if (s, a, u) == (step, attempt, undo) =>
            {
                None
            }
            other => Some(format!("{} was sent without its intent: {other:?}", ctx.op_id)),
        }
    }

    fn begin(&self, ctx: &OpContext) -> Option<Fault> {
        let wrong = self.check_intent(ctx);
        let mut inner = self.inner();
        inner.violations.extend(wrong);
        inner.calls.push(ctx.op_id);
        let costs = &self.graph.costs[self.graph.step(ctx.op_id.step).cost as usize];
        for (resource, units) in costs {
            let at = *resource as usize;
            inner.used[at] += units;
            inner.peak[at] = inner.peak[at].max(inner.used[at]);
        }
        inner.at_once += 1;
        inner.peak_at_once = inner.peak_at_once.max(inner.at_once);
        self.changed.notify_waiters();
        let key = (ctx.op_id.step, ctx.op_id.undo);
        let next = inner.faults.get_mut(&key).and_then(std::collections::VecDeque::pop_front);
        next.or_else(|| inner.always.get(&key).copied())
    }

    fn end(&self, ctx: &OpContext) {
        let costs = &self.graph.costs[self.graph.step(ctx.op_id.step).cost as usize];
        let mut inner = self.inner();
        for (resource, units) in costs {
            inner.used[*resource as usize] -= units;
        }
        inner.at_once -= 1;
        drop(inner);
        self.changed.notify_waiters();
    }
}

/// Ends what it began, also where the future is dropped.
struct Begun<'a>(&'a World, &'a OpContext);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.end(self.1);
    }
}

impl Inner {
    /// The same operation again gives the same answer; a token below the floor, or below what the
    /// object has seen, has no effect.
    fn effect(&mut self, site: &SiteName, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        if let Some(OpStatus::Ended(ended)) = self.ops.get(&ctx.op_id) {
            return ended.clone();
        }
        let floor = self.floors.get(&ctx.domain).copied().unwrap_or_default();
        let seen = self.tokens.entry((site.clone(), op.object())).or_default();
        if ctx.token < floor || ctx.token < *seen {
            return Outcome::refused(ErrorClass::Precondition, "the token is too low");
        }
        *seen = ctx.token;
        let effect = self.objects.apply(site, ctx, op);
        if effect == Ok(true) {
            self.effects.push(ctx.op_id);
        }
        let outcome = outcome(&effect);
        self.ops.insert(ctx.op_id, OpStatus::Ended(outcome.clone()));
        outcome
    }
}

#[async_trait]
impl SiteAdapter for WorldSite {
    fn site(&self) -> &SiteName {
        &self.name
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        Ok(Capabilities {
            protocol: PROTOCOL_VERSION,
            site: self.name.clone(),
            product: String::from("test world"),
            version: String::from("1"),
            operations: std::collections::BTreeMap::new(),
            methods: Vec::new(),
            stretched_rtt_ms: (10.0, 5.0),
        })
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        WorldSite::nothing()
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        WorldSite::nothing()
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let world = match self.world() {
            Ok(world) => world,
            Err(error) => return Outcome::unknown(error.message),
        };
        let fault = world.begin(ctx);
        let begun = Begun(&world, ctx);
        let latency = world.inner().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let lost = || Outcome::unknown("the connection was lost");
        let answer = match fault {
            None => world.inner().effect(&self.name, ctx, op),
            Some(Fault::Refuse(class)) => Outcome::refused(class, "refused as scripted"),
            Some(Fault::AnswerLost) => {
                world.inner().effect(&self.name, ctx, op);
                lost()
            }
            Some(Fault::RequestLost) => lost(),
            Some(Fault::Stuck) => {
                world.inner().ops.insert(ctx.op_id, OpStatus::Pending);
                lost()
            }
            Some(Fault::Lie) => {
                let done = Outcome::Done(Receipt::default());
                world.inner().ops.insert(ctx.op_id, OpStatus::Ended(done.clone()));
                done
            }
            Some(Fault::Hang) => {
                world.inner().effect(&self.name, ctx, op);
                std::future::pending().await
            }
            // An adapter that breaks down is the fault that is wanted here.
            Some(Fault::Panic) => panic!("the adapter broke down as scripted"),
        };
        drop(begun);
        answer
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let world = self.world()?;
        let inner = world.inner();
        let state = inner.answer(&self.name, query);
        // This agent's clock goes on with every question.
        let as_of = Time(inner.asked.get(&self.name).copied().unwrap_or_default() as i64);
        Ok(Observed { as_of, pending: Vec::new(), state })
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        let world = self.world()?;
        let status = world.inner().ops.get(id).cloned();
        Ok(status.unwrap_or(OpStatus::NotKnown))
    }

    async fn cancel(&self, _id: &OpId) -> Outcome<()> {
        Outcome::refused(ErrorClass::Unsupported, "operations are instant here")
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        let world = match self.world() {
            Ok(world) => world,
            Err(error) => return Outcome::unknown(error.message),
        };
        let mut inner = world.inner();
        let floor = inner.floors.entry(domain.clone()).or_default();
        *floor = (*floor).max(token);
        Outcome::Done(*floor)
    }
}
