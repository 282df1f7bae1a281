//! The model: runs, journals, leases and one counter, in plain maps.

use std::collections::{BTreeMap, BTreeSet};

use muster_engine::{AppendError, Event, Fence, Record};
use muster_plans::time::{Span, Time};
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use super::Of;
use super::command::{Answer, Command, RUNS, Shown, Wish, command};
use crate::Factory;
use crate::make::{NOW, TTL, owner};

/// Everything that a store holds of journals and leases.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    durable: bool,
    pub(crate) now: Time,
    pub(crate) journals: BTreeMap<u64, Vec<Record>>,
    leases: BTreeMap<u64, (Fence, Time)>,
    epoch: u64,
    given: Vec<(u64, Fence)>,
    /// Tells records of different writers apart.
    written: u32,
    /// What the last command hands over, and what it must be answered.
    pub(crate) entries: Vec<(u64, Fence, Vec<Record>)>,
    pub(crate) fence: Option<Fence>,
    pub(crate) answer: Answer,
}

impl Model {
    pub(crate) fn shown(&self, run: u64, shown: &Shown) -> Fence {
        let nobody = Fence { owner: owner("nobody"), epoch: 1, incarnation: 1 };
        let last = self.given.iter().rev().find(|(of, _)| *of == run).map(|(_, fence)| fence);
        let last = last.unwrap_or(&nobody).clone();
        match shown {
            Shown::Last => last,
            Shown::Given(_) if self.given.is_empty() => nobody,
            Shown::Given(which) => which.get(&self.given).1.clone(),
            Shown::Forged(epoch, incarnation, other) => Fence {
                owner: if *other { owner("other") } else { last.owner },
                epoch: last.epoch + epoch,
                incarnation: last.incarnation + incarnation,
            },
        }
    }

    fn holds(&self, run: u64, fence: &Fence) -> bool {
        self.leases.get(&run).is_some_and(|(held, _)| held == fence)
    }

    fn acquire(&mut self, run: u64, who: u8) -> Result<Option<Fence>, ()> {
        if !self.journals.contains_key(&run) {
            return Err(());
        }
        if self.leases.get(&run).is_some_and(|(_, until)| *until > self.now) {
            return Ok(None);
        }
        self.epoch += 1;
        let owner = owner(&format!("owner-{who}"));
        let fence = Fence { owner, epoch: self.epoch, incarnation: 1 };
        self.leases.insert(run, (fence.clone(), self.now + TTL));
        self.given.push((run, fence.clone()));
        Ok(Some(fence))
    }

    /// The records that a wish is about.
    fn records(&mut self, wish: &Wish, epoch: u64) -> Vec<Record> {
        let end = self.journals.get(&wish.run).map_or(0, Vec::len) as i64;
        let from = u64::try_from(end + i64::from(wish.off)).unwrap_or(0);
        self.written += 1;
        let (attempt, at) = (self.written, self.now);
        let event = |seq: u64| Event::Intent { step: seq as u32, attempt, undo: false };
        let all = (from..from + wish.count).map(|seq| Record { seq, at, epoch, event: event(seq) });
        let missing = from + wish.count / 2;
        all.filter(|record| !wish.torn || wish.count < 3 || record.seq != missing).collect()
    }

    fn append(&mut self, run: u64, fence: &Fence, records: &[Record]) -> Result<(), AppendError> {
        if let Some(pair) = records.windows(2).find(|pair| pair[1].seq != pair[0].seq + 1) {
            return Err(AppendError::Gap(pair[0].seq + 1));
        }
        let held = self.holds(run, fence);
        let Some(journal) = self.journals.get_mut(&run) else { return Err(AppendError::NoRun) };
        if !held {
            return Err(AppendError::FencedOff);
        }
        match records.first() {
            Some(first) if first.seq == journal.len() as u64 => journal.extend_from_slice(records),
            _ => return Err(AppendError::Gap(journal.len() as u64)),
        }
        Ok(())
    }

    /// Does it, and remembers what was handed over.
    fn apply(&mut self, command: &Command) -> Answer {
        (self.entries, self.fence) = (Vec::new(), None);
        match command {
            Command::Create(run) => {
                let is_new = !self.journals.contains_key(run);
                self.journals.entry(*run).or_default();
                Answer::Made(is_new)
            }
            Command::Acquire(run, who) => Answer::Taken(self.acquire(*run, *who)),
            Command::Renew(run, shown) => {
                let fence = self.shown(*run, shown);
                let until = self.now + TTL;
                let held = self.leases.get_mut(run).filter(|(held, _)| *held == fence);
                self.fence = Some(fence);
                Answer::Kept(held.map(|lease| lease.1 = until).is_some())
            }
            Command::Release(run, shown) => {
                let fence = self.shown(*run, shown);
                if self.holds(*run, &fence) {
                    self.leases.remove(run);
                }
                self.fence = Some(fence);
                Answer::Nothing
            }
            Command::Append(wishes) => {
                // What is appended is made before any of it is.
                for wish in wishes {
                    let fence = self.shown(wish.run, &wish.fence);
                    let records = self.records(wish, fence.epoch);
                    self.entries.push((wish.run, fence, records));
                }
                let entries = self.entries.clone();
                let answers = entries.iter().map(|(run, fence, r)| self.append(*run, fence, r));
                Answer::Appended(answers.collect())
            }
            Command::Read(run, from, limit) => {
                let journal = self.journals.get(run).map(Vec::as_slice).unwrap_or_default();
                let from = usize::try_from(*from).unwrap_or(usize::MAX);
                Answer::Read(journal.iter().skip(from).take(*limit).cloned().collect())
            }
            Command::Wait(millis) => {
                self.now = self.now + Span(*millis);
                Answer::Nothing
            }
            Command::Restart { .. } => {
                // Whoever held a run is gone with its process.
                self.leases.clear();
                Answer::Nothing
            }
        }
    }
}

/// Commands for a database.
#[derive(Debug)]
pub(crate) struct Commands<F>(Of<F>);

impl<F: Factory + 'static> ReferenceStateMachine for Commands<F> {
    type State = Model;
    type Transition = Command;

    fn init_state() -> BoxedStrategy<Model> {
        let durable = F::new().is_durable();
        Just(Model {
            durable,
            now: NOW,
            journals: BTreeMap::new(),
            leases: BTreeMap::new(),
            epoch: 0,
            given: Vec::new(),
            written: 0,
            entries: Vec::new(),
            fence: None,
            answer: Answer::Nothing,
        })
        .boxed()
    }

    fn transitions(state: &Model) -> BoxedStrategy<Command> {
        let missing = (0..RUNS).find(|run| !state.journals.contains_key(run)).unwrap_or(0);
        command(missing).boxed()
    }

    fn apply(mut state: Model, command: &Command) -> Model {
        state.answer = Model::apply(&mut state, command);
        state
    }

    fn preconditions(state: &Model, command: &Command) -> bool {
        match command {
            Command::Restart { .. } => state.durable,
            // The engine never writes to one run twice in one batch.
            Command::Append(wishes) => {
                let runs: BTreeSet<u64> = wishes.iter().map(|wish| wish.run).collect();
                runs.len() == wishes.len()
            }
            _ => true,
        }
    }
}
