//! What all cases work with.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use muster_plans::id::{GroupName, RunTag};
use muster_plans::inventory::SiteInventory;
use muster_plans::time::{Span, Time};

use super::pet::Pet;
use super::probe::Probe;
use super::{Finding, Stop, ensure, failed};
use crate::agent::SiteAdapter;
use crate::capability::Capabilities;
use crate::context::{Mode, OpContext, OpId};
use crate::observed::{Observation, Observed};
use crate::operation::Operation;
use crate::outcome::{OpStatus, Outcome, Reason, Receipt};
use crate::query::Query;
use crate::token::{FenceDomain, Token};

/// How late an answer may be.
const LATE: Span = Span(2000);

/// What is allowed for the way there and back, beyond what the contract allows.
const WAY: Span = Span(500);

pub(super) struct Bench<'a> {
    pub(super) adapter: &'a dyn SiteAdapter,
    pub(super) probe: &'a Probe,
    pub(super) capabilities: Capabilities,
    pub(super) inventory: SiteInventory,
    pet: Option<Pet>,
    high_water: Token,
    step: AtomicU32,
    seq: AtomicU64,
    /// Everything that was ever to be made, with the tag it was made under.
    made: Mutex<Vec<(String, RunTag)>>,
    /// Operations whose answer came too late.
    late: Mutex<Vec<String>>,
}

impl<'a> Bench<'a> {
    pub(super) async fn open(
        adapter: &'a dyn SiteAdapter,
        probe: &'a Probe,
    ) -> Result<Bench<'a>, String> {
        let say = |error: crate::AdapterError| error.message;
        let capabilities = adapter.capabilities().await.map_err(say)?;
        let inventory = adapter.inventory().await.map_err(say)?;
        let high_water = match adapter.query(&Query::Alive).await.map_err(say)?.state {
            Observation::Alive { high_water } => high_water,
            other => return Err(format!("asked whether it is alive, it answers {other:?}")),
        };
        let first = inventory.groups.first().map(|group| group.id.clone());
        let pet = Pet::of(&capabilities, probe.group.clone().or(first));
        Ok(Bench {
            adapter,
            probe,
            capabilities,
            inventory,
            pet,
            high_water,
            step: AtomicU32::new(0),
            seq: AtomicU64::new(high_water.seq),
            made: Mutex::default(),
            late: Mutex::default(),
        })
    }

    pub(super) fn now(&self) -> Time {
        (self.probe.now)()
    }

    /// What the site can make for the kit.
    pub(super) fn pet(&self) -> Result<&Pet, Stop> {
        self.pet.as_ref().ok_or_else(|| {
            Stop::NotApplicable("the site makes neither bubbles nor test clones".to_owned())
        })
    }

    /// A name that was not used before.
    pub(super) fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.probe.mark())
    }

    /// A new operation of the kit's test, under a token above all before.
    pub(super) fn ctx(&self) -> OpContext {
        let step = self.step.fetch_add(1, Ordering::SeqCst);
        OpContext {
            op_id: OpId { run: self.probe.run, step, attempt: 0, undo: false },
            token: self.token(),
            domain: self.domain(),
            deadline: self.now() + self.probe.patience,
            dry_run: false,
            mode: Mode::Test,
            run_tag: Some(self.probe.tag()),
        }
    }

    /// The next token.
    pub(super) fn token(&self) -> Token {
        Token { seq: self.seq.fetch_add(1, Ordering::SeqCst) + 1, ..self.high_water }
    }

    /// A domain in which nobody but the kit is.
    pub(super) fn domain(&self) -> FenceDomain {
        let group = GroupName::from(self.probe.mark());
        FenceDomain { site: self.adapter.site().clone(), group: Some(group) }
    }

    /// Asks, and notes an answer that is late.
    pub(super) async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        self.note(ctx, op);
        let left = ctx.deadline.since(self.now()).0 + LATE.0 + WAY.0;
        let answer = self.adapter.execute(ctx, op);
        let answer = tokio::time::timeout(Duration::from_millis(left), answer).await;
        answer.unwrap_or_else(|_| {
            let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
            late.push(format!("{} ({})", op.object(), ctx.op_id));
            Outcome::unknown("no answer within two seconds of the deadline")
        })
    }

    /// Remembers what has to be removed, before it can have been made.
    fn note(&self, ctx: &OpContext, op: &Operation) {
        let (Some(pet), Some(tag)) = (&self.pet, &ctx.run_tag) else { return };
        let object = op.object();
        let Some(name) = object.split_once('/').map(|(_, name)| name.to_owned()) else { return };
        if *op == pet.make(&name) && !ctx.dry_run {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.push((name, tag.clone()));
        }
    }

    /// Operations whose answer came too late.
    pub(super) fn late(&self) -> Vec<String> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks, and where nobody can say yet, asks what became of it until somebody can.
    pub(super) async fn settled(
        &self,
        ctx: &OpContext,
        op: &Operation,
    ) -> Result<Outcome<Receipt>, Stop> {
        match self.execute(ctx, op).await {
            Outcome::Unknown(hint) => {
                let ended = self.converged(&ctx.op_id).await?;
                ended.ok_or_else(|| failed(format!("not known to have ended: {}", hint.message)))
            }
            outcome => Ok(outcome),
        }
    }

    /// Does it; anything but `Done` fails the case.
    pub(super) async fn done(&self, ctx: &OpContext, op: &Operation) -> Result<Receipt, Stop> {
        match self.settled(ctx, op).await? {
            Outcome::Done(receipt) => Ok(receipt),
            other => Err(failed(format!("{} was not done: {}", op.object(), said(&other)))),
        }
    }

    /// Asks for something that must be refused.
    pub(super) async fn refused(&self, ctx: &OpContext, op: &Operation) -> Result<Reason, Stop> {
        match self.settled(ctx, op).await? {
            Outcome::Refused(reason) => Ok(reason),
            other => Err(failed(format!("{} was not refused: {}", op.object(), said(&other)))),
        }
    }

    /// What became of an operation; `None`: it was never heard of.
    pub(super) async fn converged(&self, id: &OpId) -> Result<Option<Outcome<Receipt>>, Stop> {
        let until = self.now() + self.probe.patience;
        loop {
            let status = self.adapter.operation(id).await.map_err(|error| {
                failed(format!("asked what became of {id}, it answers: {error}"))
            })?;
            match status {
                OpStatus::NotKnown => return Ok(None),
                OpStatus::Ended(Outcome::Unknown(hint)) if self.now() >= until => {
                    return Err(failed(format!("{id} stays unknown: {}", hint.message)));
                }
                OpStatus::Pending if self.now() >= until => {
                    return Err(failed(format!("{id} stays pending")));
                }
                OpStatus::Ended(Outcome::Unknown(_)) | OpStatus::Pending => self.wait().await,
                OpStatus::Ended(outcome) => return Ok(Some(outcome)),
            }
        }
    }

    pub(super) async fn wait(&self) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    /// Looks.
    pub(super) async fn look(&self, query: &Query) -> Result<Observed, Stop> {
        let answer = self.adapter.query(query).await;
        answer.map_err(|error| failed(format!("{query:?} has no answer: {error}")))
    }

    /// Whose object of the kit's kind has this name; `None`: there is none.
    pub(super) async fn owner(&self, name: &str) -> Result<Option<RunTag>, Stop> {
        let seen = self.look(&self.pet()?.query(name)).await?;
        Pet::owner(seen.state)
            .map_err(|other| failed(format!("asked for `{name}`, it answers {other:?}")))
    }

    /// Fails the case unless the object is there, or is not.
    pub(super) async fn see(&self, name: &str, there: bool) -> Result<(), Stop> {
        let owner = self.owner(name).await?;
        let state = if there { "should be there and is not" } else { "should not be there and is" };
        ensure(owner.is_some() == there, || format!("`{name}` {state}"))
    }

    /// Everything that carries a tag.
    pub(super) async fn leftovers(&self, tag: &RunTag) -> Result<Vec<String>, Stop> {
        match self.look(&Query::Leftovers(tag.clone())).await?.state {
            Observation::Leftovers(all) => Ok(all),
            other => Err(failed(format!("asked for leftovers, it answers {other:?}"))),
        }
    }

    /// Removes whatever the cases made.
    pub(super) async fn clean_up(&self) -> Finding {
        let pet = self.pet()?;
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, tag) in &made {
            if self.owner(name).await?.is_none() {
                continue;
            }
            let (mode, run_tag) = (Mode::Cleanup, Some(tag.clone()));
            self.done(&OpContext { mode, run_tag, ..self.ctx() }, &pet.remove(name)).await?;
        }
        for tag in [self.probe.tag(), self.probe.other_tag()] {
            let left = self.leftovers(&tag).await?;
            ensure(left.is_empty(), || format!("left over under {tag}: {}", left.join(", ")))?;
        }
        Ok(String::new())
    }
}

/// An outcome in words.
pub(super) fn said(outcome: &Outcome<Receipt>) -> String {
    match outcome {
        Outcome::Done(receipt) if receipt.already => "done already".to_owned(),
        Outcome::Done(_) => "done".to_owned(),
        Outcome::Refused(reason) => format!("refused, {:?}: {}", reason.class, reason.message),
        Outcome::Unknown(hint) => format!("unknown: {}", hint.message),
    }
}
