//! What all cases work with.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use muster_plans::id::{GroupName, RunTag};
use muster_plans::inventory::SiteInventory;
use muster_plans::time::{Span, Time};

use super::hand::{Aim, Hand, Hook};
use super::heard::Heard;
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
    /// The same, with what it listened to.
    heard: &'a Heard<'a>,
    pub(super) probe: &'a Probe,
    pub(super) capabilities: Capabilities,
    pub(super) inventory: SiteInventory,
    pet: Option<Pet>,
    high_water: Token,
    step: AtomicU32,
    seq: AtomicU64,
    /// Everything that was ever to be made.
    made: Mutex<BTreeSet<String>>,
    /// Operations whose answer came too late.
    late: Mutex<Vec<String>>,
    /// Whether a hand has harmed something since it was last healed.
    harmed: AtomicBool,
    /// State of the dice.
    dice: AtomicU64,
}

impl<'a> Bench<'a> {
    pub(super) async fn open(
        adapter: &'a Heard<'a>,
        probe: &'a Probe,
    ) -> Result<Bench<'a>, String> {
        let say = |error: crate::AdapterError| error.message;
        let capabilities = adapter.capabilities().await.map_err(say)?;
        let inventory = adapter.inventory().await.map_err(say)?;
        let high_water = highest(adapter).await?;
        let high_water = match probe.hand.as_ref().and_then(|hand| hand.lab()) {
            Some(lab) => high_water.max(highest(&*lab.peer).await?),
            None => high_water,
        };
        let first = inventory.groups.first().map(|group| group.id.clone());
        let pet = Pet::of(&capabilities, probe.group.clone().or(first));
        Ok(Bench {
            adapter,
            heard: adapter,
            probe,
            capabilities,
            inventory,
            pet,
            high_water,
            step: AtomicU32::new(0),
            seq: AtomicU64::new(high_water.seq),
            made: Mutex::default(),
            late: Mutex::default(),
            harmed: AtomicBool::new(false),
            dice: AtomicU64::new(u64::from_le_bytes(
                *probe.run.0.as_bytes().last_chunk().unwrap_or(&[7; 8]),
            )),
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
        self.execute_at(self.adapter, ctx, op).await
    }

    /// The same of another site, or over another line.
    pub(super) async fn execute_at(
        &self,
        site: &dyn SiteAdapter,
        ctx: &OpContext,
        op: &Operation,
    ) -> Outcome<Receipt> {
        self.note(ctx, op);
        let left = ctx.deadline.since(self.now()).0 + LATE.0 + WAY.0;
        let answer = site.execute(ctx, op);
        let answer = tokio::time::timeout(Duration::from_millis(left), answer).await;
        answer.unwrap_or_else(|_| {
            let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
            late.push(format!("{} ({})", op.object(), ctx.op_id));
            Outcome::unknown("no answer within two seconds of the deadline")
        })
    }

    /// Remembers what has to be removed, before it can have been made.
    fn note(&self, ctx: &OpContext, op: &Operation) {
        let Some(pet) = &self.pet else { return };
        let object = op.object();
        let Some(name) = object.split_once('/').map(|(_, name)| name.to_owned()) else { return };
        if *op == pet.make(&name) && !ctx.dry_run {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.insert(name);
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

    /// Raises the fence of the kit's domain; anything but `Done` with at least this floor fails.
    pub(super) async fn raised(&self, floor: Token) -> Result<(), Stop> {
        match self.adapter.raise_fence(&self.domain(), floor).await {
            Outcome::Done(holds) if holds >= floor => Ok(()),
            Outcome::Done(holds) => {
                Err(failed(format!("raised to {floor}, it says that {holds} holds")))
            }
            other => Err(failed(format!("the fence was not raised: {other:?}"))),
        }
    }

    /// The hand, where it has a hook.
    pub(super) fn hand(&self, hook: Hook) -> Result<&dyn Hand, Stop> {
        let hand = self.probe.hand.as_deref().filter(|hand| hand.hooks().contains(&hook));
        hand.ok_or_else(|| Stop::NotApplicable(format!("needs the hook `{hook}`")))
    }

    /// What to say of hooks that are not there; `None`: all are.
    pub(super) fn missing(&self, hooks: &[Hook]) -> Option<String> {
        let missing = hooks.iter().filter(|hook| self.hand(**hook).is_err());
        let missing: Vec<_> = missing.map(|hook| format!("`{hook}`")).collect();
        let word = if missing.len() == 1 { "hook" } else { "hooks" };
        (!missing.is_empty()).then(|| format!("needs the {word} {}", missing.join(", ")))
    }

    /// Harms the backend until [`Bench::heal`].
    pub(super) async fn harm(&self, how: Hook, aim: Aim) -> Result<(), Stop> {
        let hand = self.hand(how)?;
        self.harmed.store(true, Ordering::SeqCst);
        hand.harm(how, &aim).await.map_err(|why| failed(format!("the hook `{how}`: {why}")))
    }

    pub(super) async fn heal(&self) -> Result<(), Stop> {
        let Some(hand) = &self.probe.hand else { return Ok(()) };
        if !self.harmed.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        hand.heal().await.map_err(failed)
    }

    /// Where a secret was heard.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.found()
    }

    /// A number that nobody expects, the same for the same probe (splitmix64).
    pub(super) fn chance(&self) -> u64 {
        let z = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Removes whatever the cases made.
    pub(super) async fn clean_up(&self) -> Finding {
        let pet = self.pet()?;
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let own = [self.probe.tag(), self.probe.other_tag()];
        let removals = made.iter().map(async |name| -> Result<(), Stop> {
            // A name may have been made under one tag and then under the other.
            let Some(tag) = self.owner(name).await?.filter(|tag| own.contains(tag)) else {
                return Ok(());
            };
            let (mode, run_tag) = (Mode::Cleanup, Some(tag));
            let ctx = OpContext { mode, run_tag, ..self.ctx() };
            self.done(&ctx, &pet.remove(name)).await.map(|_| ())
        });
        for removed in futures_util::future::join_all(removals).await {
            removed?;
        }
        for tag in &own {
            let left = self.leftovers(tag).await?;
            ensure(left.is_empty(), || format!("left over under {tag}: {}", left.join(", ")))?;
        }
        Ok(String::new())
    }
}

/// The highest token that a site has seen.
async fn highest(site: &dyn SiteAdapter) -> Result<Token, String> {
    match site.query(&Query::Alive).await.map_err(|error| error.message)?.state {
        Observation::Alive { high_water } => Ok(high_water),
        other => Err(format!("asked whether it is alive, it answers {other:?}")),
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
