//! The product's own store, on SQLite in memory, beside the database of the simulation.
//!
//! Every transaction is done by both. The servers go by what the store answers, and the two must agree:
//! what is simple enough to be believed ([`Database`](crate::database::Database)) shows whether what
//! is sold does the same. The store lives on a thread of its own with a clock of its own; whoever asks it
//! stands still until it has answered, so that the time of the play does not move and a seed stays what
//! it is.

mod keeper;
mod transaction;

use std::sync::mpsc;

use anyhow::Context as _;
use muster_engine::{AppendError, Fence, LeaseSight, Record};
use muster_plans::id::{PlanName, RunId};

pub(crate) use transaction::{Stand, Transaction};

/// What a transaction has led to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// It was done.
    Done,
    /// Something has changed since it was prepared, or somebody else holds what it needs.
    Refused,
    Appended(Result<(), AppendError>),
    Lease(Option<Fence>),
    /// The journal's life after a backup was put back.
    Life(u64),
}

impl Answer {
    pub(crate) fn of(done: bool) -> Answer {
        if done { Answer::Done } else { Answer::Refused }
    }
}

/// Something that only reads.
pub(crate) enum Question {
    Records(RunId),
    Lease(RunId),
    OpenRuns,
    /// The state of the plan as JSON, its version, and whether the store counts as restored.
    Standing,
}

/// What the store holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    Records(Vec<Record>),
    Lease(Option<LeaseSight>),
    OpenRuns(Vec<RunId>),
    Standing { json: String, version: u64, restored: bool },
}

enum Request {
    Do(Box<Transaction>, mpsc::Sender<anyhow::Result<Answer>>),
    Find(Question, mpsc::Sender<anyhow::Result<Found>>),
}

/// A way to the store. A copy leads to the same one, and remembers how much was done until it was made.
#[derive(Clone, Debug)]
pub(crate) struct Sql {
    thread: mpsc::Sender<Request>,
    /// Transactions of this life and those that a backup brought along.
    done: usize,
}

impl Sql {
    /// An empty store for a plan, on a thread that ends with the last way to it.
    pub(crate) fn open(plan: PlanName) -> anyhow::Result<Sql> {
        let (thread, requests) = mpsc::channel();
        let (ready, opened) = mpsc::channel();
        std::thread::Builder::new().name("store".into()).spawn(move || {
            keeper::keep(plan, &requests, &ready);
        })?;
        opened.recv().context("the store's thread has ended")??;
        Ok(Sql { thread, done: 0 })
    }

    /// Does a transaction.
    pub(crate) fn carry_out(&mut self, transaction: Transaction) -> anyhow::Result<Answer> {
        self.done = match &transaction {
            Transaction::PutBack { keep, .. } => keep + 1,
            _ => self.done + 1,
        };
        let (back, answer) = mpsc::channel();
        self.ask(Request::Do(Box::new(transaction), back))?;
        answer.recv().context("the store's thread has ended")?
    }

    /// Puts the store back to where it was when a backup was made.
    pub(crate) fn put_back(&mut self, backup: &Sql, seen: u64) -> anyhow::Result<Answer> {
        self.carry_out(Transaction::PutBack { keep: backup.done, seen })
    }

    /// Reads.
    pub(crate) fn find(&self, question: Question) -> anyhow::Result<Found> {
        let (back, found) = mpsc::channel();
        self.ask(Request::Find(question, back))?;
        found.recv().context("the store's thread has ended")?
    }

    fn ask(&self, request: Request) -> anyhow::Result<()> {
        self.thread.send(request).ok().context("the store's thread has ended")
    }
}
