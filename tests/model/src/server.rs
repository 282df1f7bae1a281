//! A server, as far as it executes a run: `server/engine/src/executor`.

use crate::agent::Fence;
use crate::guards::Guards;
use crate::journal::{Course, Cursor};
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

    fn work(&self, guards: &Guards) -> Work {
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

    /// The gate: `executor/gate.rs`.
    pub(crate) fn look_for_evidence(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let due = server.act == Act::Ready && server.work(guards) == Work::Gate;
        let dead = !self.world.up_a;
        let proved = match self.world.fence {
            Fence::Heard => true,
            // Whoever is dead will hear of the fence before it writes again.
            Fence::Asked => dead,
            Fence::None => dead && !guards.fence_before_evidence,
        };
        let goes_on = due && (proved || !guards.evidence);
        if goes_on {
            self.servers[nr].act = Act::Proved;
        }
        goes_on
    }

    pub(crate) fn send(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let early =
            !guards.intent_first && server.act == Act::Ready && server.work(guards) != Work::Gate;
        if server.act != Act::Intended && !early {
            return false;
        }
        if early {
            self.servers[nr].seq = server.cursor.position();
        }
        let request = Request { op: server.op(), token: self.servers[nr].token() };
        if !self.net.put(request) {
            return false;
        }
        self.servers[nr].act = if early { Act::Ready } else { Act::Sent };
        true
    }

    /// Asks what became of a step that an earlier owner may have begun: `executor/job.rs`,
    /// `begun_before`. The fence goes above everything that an earlier owner can have sent.
    pub(crate) fn ask_before(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let (work, op) = (server.work(guards), server.op());
        let object = work.object();
        if server.act != Act::Resumed || !self.world.reaches(object) {
            return false;
        }
        if self.world.shows(work) && !self.world.pending(guards, object) {
            self.servers[nr].act = Act::Proved;
            return true;
        }
        let lowest = Token::new(server.incarnation, server.epoch, 0);
        let drained = self.world.raise(guards, object, lowest);
        // A forward step of a run that goes back is only asked about.
        let only_ask = server.cursor.course == Course::Unwinding && work == Work::DemoteB;
        self.servers[nr].act = if self.world.done & op.bit() != 0 {
            Act::Acknowledged
        } else if !drained || self.world.is_open(op) {
            Act::Unknown
        } else if only_ask {
            Act::Refused
        } else {
            Act::Intended
        };
        true
    }

    /// The answer arrives.
    pub(crate) fn hear(&mut self, nr: usize) -> bool {
        let server = self.servers[nr];
        let answered = server.act == Act::Sent && self.world.done & server.op().bit() != 0;
        if answered {
            self.servers[nr].act = Act::Acknowledged;
        }
        answered
    }

    /// No answer arrives.
    pub(crate) fn time_out(&mut self, nr: usize) -> bool {
        let server = self.servers[nr];
        let op = server.op();
        let silent = server.act == Act::Sent && self.world.done & op.bit() == 0;
        if !silent {
            return false;
        }
        let on_its_way = self.net.holds(op) || self.world.is_open(op);
        if !on_its_way || self.budget.delays > 0 {
            self.budget.delays -= u8::from(on_its_way);
            self.servers[nr].act = Act::Unknown;
        }
        true
    }

    /// The backend's word is a claim: `executor/job.rs`, `read_back`.
    pub(crate) fn read_back(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let work = server.work(guards);
        let shows = self.world.reaches(work.object())
            && self.world.shows(work)
            && !self.world.pending(guards, work.object());
        let counts = server.act == Act::Acknowledged && (shows || !guards.read_back);
        if counts {
            self.servers[nr].act = Act::Proved;
        }
        counts
    }

    /// Finds out what became of an operation of unknown outcome: `executor/resolve.rs`.
    pub(crate) fn resolve(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let (work, op) = (server.work(guards), server.op());
        let object = work.object();
        if server.act != Act::Unknown || !self.world.reaches(object) {
            return false;
        }
        if self.world.shows(work) && !self.world.pending(guards, object) {
            self.servers[nr].act = Act::Proved;
            return true;
        }
        if self.world.done & op.bit() != 0 || self.world.is_open(op) {
            return false;
        }
        let above = Token::new(server.incarnation, server.epoch, server.seq + 1);
        if !self.world.raise(guards, object, above) {
            return false;
        }
        self.servers[nr].act = Act::Refused;
        true
    }

    /// `Event::GivenUp`: a fence that failed is only a warning, and the run goes on without it.
    pub(crate) fn go_on_unfenced(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let may = !guards.fence_required
            && server.act == Act::Unknown
            && server.work(guards) == Work::FenceA;
        if may {
            self.servers[nr].act = Act::Proved;
        }
        may
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
