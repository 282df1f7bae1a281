//! One step: ask where it may have been begun, send, read back, find out.

use crate::guards::Guards;
use crate::journal::Course;
use crate::net::Request;
use crate::plan::Work;
use crate::server::Act;
use crate::state::State;
use crate::token::Token;
use crate::world::Fence;

impl State {
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
}
