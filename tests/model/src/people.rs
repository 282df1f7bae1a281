//! What people start, stop and rule.

use crate::guards::Guards;
use crate::journal::Course;
use crate::plan::{DEMOTE_B, FAILBACK, FAILBACK_AGAIN, FAILOVER, UNDO, Work};
use crate::server::Act;
use crate::state::State;

impl State {
    /// `ops::start`: with a person's word where A is alive.
    pub(crate) fn start_failover(&mut self) -> bool {
        let may = self.hold.is_off() && self.database.cursor.course == Course::None;
        if may {
            self.database.begin(FAILOVER);
        }
        may
    }

    /// `ops::failback`, once A is back.
    pub(crate) fn start_failback(&mut self) -> bool {
        let cursor = self.database.cursor;
        let due = cursor.run == FAILOVER && cursor.course == Course::Ended;
        let may = self.hold.is_off() && due && self.world.up_a;
        if may {
            // A run has an id of its own, so one that was forgotten is not this one.
            let run = if self.second_life { FAILBACK_AGAIN } else { FAILBACK };
            self.database.begin(run);
        }
        may
    }

    /// `ops::cancel` of a planned migration, through the server that executes it.
    pub(crate) fn cancel(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = self.servers[nr];
        let cursor = server.cursor;
        let before = cursor.step == DEMOTE_B || (!guards.pivot && cursor.step == 4);
        let may = server.act != Act::Idle
            && cursor.run >= FAILBACK
            && cursor.course == Course::Forward
            && before
            && self.hold.is_off();
        if !may || !self.owns(guards, nr) {
            return false;
        }
        let mut next = cursor;
        next.records += 1;
        next.course = if cursor.intent { Course::Unwinding } else { Course::Undone };
        if cursor.step == 4 {
            // The sabotaged way: the undo does not wait for what is under way.
            next.step = UNDO;
            next.attempt = 0;
            next.records = 0;
            next.intent = false;
            next.course = Course::Unwinding;
            self.servers[nr].act = Act::Ready;
        }
        self.write(nr, next);
        true
    }

    /// `Verdict::Retry`: the agent says that it is done, and a person sees that it is not.
    pub(crate) fn rule_retry(&mut self, guards: &Guards, nr: usize) -> bool {
        let server = &self.servers[nr];
        let work = Work::of(guards, server.cursor.run, server.cursor.step);
        let may = matches!(server.act, Act::Unknown | Act::Acknowledged)
            && self.world.done & server.cursor.op().bit() != 0
            && self.world.reaches(work.object())
            && !self.world.shows(work)
            && !self.world.pending(guards, work.object());
        if may {
            self.servers[nr].act = Act::Refused;
        }
        may
    }
}
