//! A server and its hold on a run: lease, appends, and how it loses them.

use crate::guards::Guards;
use crate::journal::Cursor;
use crate::net::Request;
use crate::plan::{OpId, Work};
use crate::state::State;
use crate::token::Token;

/// What an executor is about to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Act {
    /// It holds no run.
    #[default]
    Idle,
    /// It has taken a run over whose step was under way; the intent is written again first.
    TakenOver,
    /// The step is decided upon.
    Ready,
    /// Its intent is durable. Somebody may have begun it before: ask first.
    Resumed,
    /// Its intent is durable: send.
    Intended,
    /// It was sent.
    Sent,
    /// The agent says that it is done.
    Acknowledged,
    /// Nobody can say.
    Unknown,
    /// It was read back.
    Proved,
    /// It definitely had no effect.
    Refused,
    /// An append was refused: the run belongs to another owner.
    FencedOff,
}

/// A server and the run that it believes to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Server {
    pub(crate) act: Act,
    pub(crate) incarnation: u8,
    pub(crate) epoch: u8,
    /// Position of the intent that counts.
    pub(crate) seq: u8,
    pub(crate) cursor: Cursor,
}

impl Server {
    pub(crate) fn token(&self) -> Token {
        Token::new(self.incarnation, self.epoch, self.seq)
    }

    pub(crate) fn op(&self) -> OpId {
        self.cursor.op()
    }

    pub(crate) fn work(&self, guards: &Guards) -> Work {
        Work::of(guards, self.cursor.run, self.cursor.step)
    }
}

impl State {
    /// Whether a server's appends hold: the lease's row is under its fence and the journal ends where it
    /// believes. Stands for `server/store/src/journal/append.rs`.
    pub(crate) fn owns(&self, guards: &Guards, nr: usize) -> bool {
        let server = &self.servers[nr];
        let (lease, cursor) = (self.database.lease, self.database.cursor);
        let same = server.epoch == lease && server.incarnation == self.database.incarnation;
        !guards.compare_and_set || (same && server.cursor == cursor)
    }

    /// An append that holds.
    pub(crate) fn write(&mut self, nr: usize, next: Cursor) {
        self.database.write(next);
        let server = &mut self.servers[nr];
        server.cursor = next;
        if !next.is_open() {
            *server = Server::default();
        }
    }

    /// `Leases::acquire`, and the journal read.
    pub(crate) fn acquire(&mut self, nr: usize) -> bool {
        let cursor = self.database.cursor;
        if self.hold.on || !cursor.is_open() || self.servers[nr].act != Act::Idle {
            return false;
        }
        let lease = self.database.lease;
        let held = lease > 0 && self.servers.iter().any(|s| s.act != Act::Idle && s.epoch == lease);
        if held && self.budget.expiries == 0 {
            return false;
        }
        self.budget.expiries -= u8::from(held);
        let epoch = self.database.take();
        let act = if cursor.intent { Act::TakenOver } else { Act::Ready };
        let incarnation = self.database.incarnation;
        self.servers[nr] = Server { act, incarnation, epoch, seq: 0, cursor };
        true
    }

    /// The next record: an intent, an end, a refusal.
    pub(crate) fn append(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let mut next = server.cursor;
        let then = match server.act {
            Act::Ready if server.work(guards) != Work::Gate => {
                next.intend();
                Act::Intended
            }
            Act::TakenOver => {
                next.intend();
                Act::Resumed
            }
            Act::Proved => {
                next.done();
                Act::Ready
            }
            Act::Refused => {
                next.refused();
                Act::Ready
            }
            _ => return false,
        };
        if !self.owns(guards, nr) {
            self.servers[nr].act = Act::FencedOff;
            return true;
        }
        if matches!(then, Act::Intended | Act::Resumed) {
            self.servers[nr].seq = server.cursor.position();
            self.ghost.intended |= server.op().bit();
        }
        self.servers[nr].act = then;
        self.write(nr, next);
        true
    }

    /// A server that has found out that its lease is lost lets the run go.
    pub(crate) fn let_go(&mut self, nr: usize) -> bool {
        let server = self.servers[nr];
        let lost =
            server.epoch != self.database.lease || server.incarnation != self.database.incarnation;
        let may = server.act != Act::Idle && (lost || server.act == Act::FencedOff);
        if may {
            self.servers[nr] = Server::default();
        }
        may
    }

    /// A server ends without a word, and another process takes its place.
    pub(crate) fn crash(&mut self, nr: usize) -> bool {
        let may = self.budget.crashes > 0 && self.servers[nr].act != Act::Idle;
        if may {
            self.budget.crashes -= 1;
            self.servers[nr] = Server::default();
        }
        may
    }

    /// An agent's refusal reaches whoever waits for it.
    pub(crate) fn refuse(&mut self, request: Request) {
        let waits = |server: &&mut Server| {
            server.act == Act::Sent && server.op() == request.op && server.token() == request.token
        };
        if let Some(server) = self.servers.iter_mut().find(waits) {
            server.act = Act::Refused;
        }
    }
}
