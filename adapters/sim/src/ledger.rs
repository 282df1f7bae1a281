//! What a site's agent remembers: operations by id, and tokens.

use std::collections::{BTreeMap, VecDeque};

use muster_contract::{
    ErrorClass, FenceDomain, OpContext, OpId, Operation, Outcome, Receipt, Token,
};
use muster_plans::guard::{Guard, holds};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultId};

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// Waits for another one on the same object.
    Queued,
    /// Has its effect at this instant; `None`: never, it hangs.
    Running(Option<Time>),
    /// Has its effect later, and nobody waits for it.
    Detached,
    /// Has a result.
    Ended,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) digest: String,
    pub(crate) object: String,
    pub(crate) token: Token,
    pub(crate) phase: Phase,
    /// Kept until it can have no effect any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) call: Option<Box<(OpContext, Operation)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Outcome<Receipt>>,
    /// It was refused for its token alone: whoever asks with a higher one asks for the first time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) by_token: bool,
    /// What callers are told instead of the result, from when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply: Option<(Time, Outcome<Receipt>)>,
    /// Its effect was put off, half way, to this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) put_off: Option<Time>,
    pub(crate) effects: u32,
    /// Its own latency, drawn when it was accepted.
    pub(crate) takes: Span,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<Box<Fault>>,
}

impl Entry {
    /// Of an operation that was cancelled before anybody heard of it: without a digest, because its
    /// arguments are not known.
    pub(crate) fn cancelled() -> Entry {
        let class = ErrorClass::Precondition;
        Entry {
            digest: String::new(),
            object: String::new(),
            token: Token::default(),
            phase: Phase::Ended,
            call: None,
            result: Some(Outcome::refused(class, "cancelled before it came")),
            by_token: false,
            reply: None,
            put_off: None,
            effects: 0,
            takes: Span::ZERO,
            fault: None,
        }
    }

    pub(crate) fn struck_by(&self, id: FaultId) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.id == id)
    }
}

/// The agent's memory of operations and tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) entries: BTreeMap<OpId, Entry>,
    /// Operations that have no result yet, by object, the running one first.
    pub(crate) queues: BTreeMap<String, VecDeque<OpId>>,
    /// Detached ones.
    pub(crate) detached: Vec<OpId>,
    /// By protection group; the empty name is the whole site.
    floors: BTreeMap<String, Token>,
    /// The highest token that had an effect, by domain and object, and whose it was.
    highs: BTreeMap<String, (Token, OpId)>,
    pub(crate) high_water: Token,
}

fn place(domain: &FenceDomain) -> String {
    domain.group.as_ref().map_or_else(String::new, ToString::to_string)
}

impl Ledger {
    /// Compares a token at the effect. Inside a domain each object has its own order; equal tokens
    /// are the same operation, or an old one.
    pub(crate) fn admits(
        &self,
        domain: &FenceDomain,
        object: &str,
        token: Token,
        op: OpId,
    ) -> Result<(), String> {
        if !holds(Guard::TokenAtEffect) {
            return Ok(());
        }
        let place = place(domain);
        let floor = [&place, ""].into_iter().filter_map(|name| self.floors.get(name)).max();
        if let Some(floor) = floor.filter(|floor| token < **floor) {
            return Err(format!("token {token} is below the fence {floor}"));
        }
        match self.highs.get(&format!("{place}|{object}")) {
            Some((high, by)) if token < *high || (token == *high && op != *by) => {
                Err(format!("token {token} is not above {high}, which {object} has seen"))
            }
            _ => Ok(()),
        }
    }

    /// An operation with this token had its effect.
    pub(crate) fn admitted(&mut self, domain: &FenceDomain, object: &str, token: Token, op: OpId) {
        self.highs.insert(format!("{}|{object}", place(domain)), (token, op));
    }

    /// Raises a floor and says what it is now.
    pub(crate) fn raise(&mut self, domain: &FenceDomain, token: Token) -> Token {
        self.high_water = self.high_water.max(token);
        let floor = self.floors.entry(place(domain)).or_default();
        *floor = (*floor).max(token);
        *floor
    }

    /// Operations on an object that were accepted and have not had their effect.
    pub(crate) fn pending(&self, object: &str) -> Vec<OpId> {
        let queued = self.queues.get(object).into_iter().flatten().copied();
        let detached = self.detached.iter().copied().filter(|id| {
            // Whatever claimed to be done does not admit that it is not.
            self.entries.get(id).is_some_and(|e| e.object == object && e.result.is_none())
        });
        queued.chain(detached).collect()
    }

    /// Operations that had an effect, with how often.
    pub(crate) fn effects(&self) -> impl Iterator<Item = (OpId, u32)> + '_ {
        self.entries.iter().filter(|(_, e)| e.effects > 0).map(|(id, e)| (*id, e.effects))
    }

    /// Everything without a result.
    pub(crate) fn open(&self) -> Vec<OpId> {
        let queued = self.queues.values().flatten().copied();
        queued.chain(self.detached.iter().copied()).collect()
    }

    /// Drops an operation that has not had its effect and never will. One that was acknowledged
    /// early stays acknowledged; any other is forgotten.
    pub(crate) fn drop_open(&mut self, id: OpId) -> Option<Box<(OpContext, Operation)>> {
        let entry = self.entries.get_mut(&id).filter(|entry| entry.phase != Phase::Ended)?;
        if entry.result.is_some() {
            entry.phase = Phase::Ended;
            return entry.call.take();
        }
        self.entries.remove(&id)?.call
    }
}
