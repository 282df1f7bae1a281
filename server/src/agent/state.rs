//! What the agent knows, in memory: one value behind one short lock.

use std::collections::{BTreeMap, BTreeSet};

use muster_contract::{ErrorClass, FenceDomain, OpContext, OpId, Outcome, Reason, Receipt, Token};
use muster_plans::id::GroupName;
use muster_plans::time::Time;
use tokio::sync::watch;

use super::ledger::Record;
use super::perform::Stop;

/// What an operation id means.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Of the arguments; `None`: it was cancelled before it came.
    pub(super) digest: Option<String>,
    pub(super) at: Time,
    /// `None`: it went to the backend and nobody knows yet.
    pub(super) outcome: Option<Outcome<Receipt>>,
    /// How it went to the backend.
    intent: Option<Record>,
}

/// The highest token that was let through to an object, and whose it was.
#[derive(Clone, Copy, Debug)]
struct Mark {
    token: Token,
    id: OpId,
}

/// An operation that is under way in this process.
pub(super) struct Running {
    pub(super) digest: String,
    pub(super) object: String,
    /// The highest that it was asked for with.
    pub(super) token: Token,
    /// Whether it may be at the backend.
    pub(super) launched: bool,
    /// Somebody asked to stop it.
    pub(super) cancel: watch::Sender<bool>,
    /// Its end.
    pub(super) end: watch::Sender<Option<Outcome<Receipt>>>,
}

/// An operation that may be at the backend, as it went there.
struct Open<'a> {
    id: OpId,
    object: &'a str,
    group: &'a Option<GroupName>,
    token: Token,
}

/// Everything that the agent knows.
#[derive(Default)]
pub(super) struct State {
    pub(super) entries: BTreeMap<OpId, Entry>,
    pub(super) running: BTreeMap<OpId, Running>,
    marks: BTreeMap<(Option<GroupName>, String), Mark>,
    floors: BTreeMap<Option<GroupName>, Token>,
    high_water: Token,
}

impl State {
    /// Takes in what was remembered.
    pub(super) fn replay(&mut self, record: Record) {
        match record.clone() {
            Record::Ledger { .. } => {}
            Record::Intent { id, digest, object, group, token, at } => {
                self.mark(group, object, token, id);
                let earlier = self.entries.get(&id).and_then(|entry| entry.outcome.clone());
                let digest = Some(digest);
                let entry = Entry { digest, at, outcome: earlier, intent: Some(record) };
                self.entries.insert(id, entry);
            }
            Record::Ended { id, digest, outcome, at } => self.end(id, digest, outcome, at),
            Record::Cancelled { id, at } => self.cancelled(id, at),
            Record::Withdrawn { id } => {
                self.entries.remove(&id);
            }
            Record::Floor { group, token } => {
                self.raise(group, token);
            }
            Record::Mark { group, object, token, id } => self.mark(group, object, token, id),
        }
    }

    /// Forgets what ended before an instant. What has not ended is never forgotten.
    pub(super) fn forget_before(&mut self, instant: Time) {
        self.entries.retain(|_, entry| entry.outcome.is_none() || entry.at >= instant);
    }

    /// As few records as say the same.
    pub(super) fn snapshot(&self) -> Vec<Record> {
        let floors = self.floors.iter();
        let floors =
            floors.map(|(group, token)| Record::Floor { group: group.clone(), token: *token });
        let marks = self.marks.iter().map(|((group, object), mark)| Record::Mark {
            group: group.clone(),
            object: object.clone(),
            token: mark.token,
            id: mark.id,
        });
        let entries = self.entries.iter().filter_map(|(id, entry)| {
            let (id, at) = (*id, entry.at);
            match (&entry.outcome, &entry.digest) {
                (None, _) => entry.intent.clone(),
                (Some(_), None) => Some(Record::Cancelled { id, at }),
                (Some(outcome), Some(digest)) => {
                    let (digest, outcome) = (digest.clone(), outcome.clone());
                    Some(Record::Ended { id, digest, outcome, at })
                }
            }
        });
        floors.chain(marks).chain(entries).collect()
    }

    /// The operation came to an end that will not change.
    pub(super) fn end(&mut self, id: OpId, digest: String, outcome: Outcome<Receipt>, at: Time) {
        let (digest, outcome) = (Some(digest), Some(outcome));
        self.entries.insert(id, Entry { digest, at, outcome, intent: None });
    }

    /// It was cancelled before it was heard of.
    pub(super) fn cancelled(&mut self, id: OpId, at: Time) {
        let outcome = Outcome::refused(ErrorClass::Precondition, "it was cancelled before it came");
        self.entries.insert(id, Entry { digest: None, at, outcome: Some(outcome), intent: None });
    }

    fn mark(&mut self, group: Option<GroupName>, object: String, token: Token, id: OpId) {
        self.high_water = self.high_water.max(token);
        let mark = self.marks.entry((group, object)).or_insert(Mark { token, id });
        if token >= mark.token {
            *mark = Mark { token, id };
        }
    }

    /// Raises a floor; answers with the one that now holds.
    pub(super) fn raise(&mut self, group: Option<GroupName>, token: Token) -> Token {
        let floor = self.floors.entry(group).or_default();
        *floor = token.max(*floor);
        self.high_water = self.high_water.max(*floor);
        *floor
    }

    /// The highest token ever accepted.
    pub(super) fn high_water(&self) -> Token {
        self.high_water
    }

    /// Whether the operation's word still counts for the object.
    pub(super) fn check(&self, ctx: &OpContext, object: &str) -> Result<(), Reason> {
        let low = |than: Token, what: &str| Reason {
            class: ErrorClass::Precondition,
            message: format!("token {} is too low: {what} {than}", ctx.token),
        };
        let group = &ctx.domain.group;
        for domain in [&None, group] {
            match self.floors.get(domain) {
                Some(floor) if ctx.token < *floor => {
                    return Err(low(*floor, "the fence stands at"));
                }
                _ => {}
            }
        }
        match self.marks.get(&(group.clone(), object.to_owned())) {
            Some(mark) if ctx.token < mark.token => {
                Err(low(mark.token, "the object was changed under"))
            }
            Some(mark) if ctx.token == mark.token && ctx.op_id != mark.id => {
                Err(low(mark.token, "another operation came with"))
            }
            _ => Ok(()),
        }
    }

    /// Lets the operation through to the object, if its word counts: nothing older follows. It is
    /// not at the backend yet.
    pub(super) fn begin(&mut self, ctx: &OpContext, intent: Record) -> Result<(), Reason> {
        let Record::Intent { object, .. } = &intent else { return Ok(()) };
        self.check(ctx, object)?;
        self.replay(intent);
        Ok(())
    }

    /// The last look before the backend is called, after the intent was written. From here on a
    /// fence waits for the operation.
    pub(super) fn launch(&mut self, ctx: &OpContext, object: &str) -> Result<(), Stop> {
        self.check(ctx, object).map_err(Stop::TooLow)?;
        match self.running.get_mut(&ctx.op_id) {
            Some(running) if *running.cancel.borrow() => Err(Stop::Refused(cancelled())),
            Some(running) => {
                running.launched = true;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes over the highest token that somebody has asked for the operation with: a new owner's
    /// word counts for what an old one began. Whether it rose.
    pub(super) fn rises(&self, ctx: &mut OpContext) -> bool {
        match self.running.get(&ctx.op_id) {
            Some(running) if running.token > ctx.token => {
                ctx.token = running.token;
                true
            }
            _ => false,
        }
    }

    /// Operations that may be at the backend and that a fence is above.
    pub(super) fn below(&self, domain: &FenceDomain, floor: Token) -> Vec<OpId> {
        let here = |group: &Option<GroupName>| domain.group.is_none() || *group == domain.group;
        let older = self.at_backend().filter(|open| open.token < floor && here(open.group));
        older.map(|open| open.id).collect()
    }

    /// Operations on an object that were accepted and that may not have had their effect.
    pub(super) fn pending(&self, object: &str) -> BTreeSet<OpId> {
        let here = self.running.iter().filter(|(_, running)| running.object == object);
        here.map(|(id, _)| *id).chain(self.open_at(object)).collect()
    }

    /// The object and the digest of an operation that went to the backend.
    pub(super) fn intent_of(&self, id: &OpId) -> Option<(String, String)> {
        match self.entries.get(id)?.intent.as_ref()? {
            Record::Intent { object, digest, .. } => Some((object.clone(), digest.clone())),
            _ => None,
        }
    }

    /// Operations on an object that may be at the backend.
    pub(super) fn open_at(&self, object: &str) -> Vec<OpId> {
        self.at_backend().filter(|open| open.object == object).map(|open| open.id).collect()
    }

    /// Everything that went to the backend and has not ended, whether this process waits for it or
    /// not: it was restarted meanwhile, or the answer got lost, or came too late.
    fn at_backend(&self) -> impl Iterator<Item = Open<'_>> {
        self.entries.iter().filter_map(|(id, entry)| match &entry.intent {
            Some(Record::Intent { object, group, token, .. }) if entry.outcome.is_none() => {
                let there = self.running.get(id).is_none_or(|running| running.launched);
                there.then_some(Open { id: *id, object, group, token: *token })
            }
            _ => None,
        })
    }
}

/// Why a cancelled operation did not begin.
pub(super) fn cancelled() -> Reason {
    Reason {
        class: ErrorClass::Precondition,
        message: "it was cancelled before it began".to_owned(),
    }
}
