//! The one function through which a run's state changes.

use muster_plans::graph::StepIx;

use super::{Course, Illegal, RunState, StepState};
use crate::event::{By, Cause, Ending, Event, Opening, Record};

impl RunState {
    /// Applies the next record.
    ///
    /// # Errors
    /// [`Illegal`] where the record cannot follow the ones before it; the state is as it was.
    pub fn apply(&mut self, record: &Record) -> Result<(), Illegal> {
        self.admit(record)?;
        // The clock of the run moves with its records; put back where the record turns out illegal.
        let before = std::mem::replace(&mut self.now, record.at);
        if let Err(illegal) = self.take(record) {
            self.now = before;
            return Err(illegal);
        }
        self.unwind_when_at_rest();
        self.len = record.seq + 1;
        self.epoch = record.epoch;
        Ok(())
    }

    /// What holds for every record: position, epoch, first and last.
    fn admit(&self, record: &Record) -> Result<(), Illegal> {
        let seq = record.seq;
        if seq != self.len {
            return Err(Illegal::Gap { expected: self.len, found: seq });
        }
        match &record.event {
            Event::Opened(_) if self.opening.is_some() => return Err(Illegal::OpenedTwice(seq)),
            Event::Opened(_) => return Ok(()),
            _ if self.opening.is_none() => return Err(Illegal::NotOpened(seq)),
            Event::TakenOver if record.epoch >= self.epoch => {}
            _ if record.epoch == self.epoch => {}
            _ => {
                let (current, found) = (self.epoch, record.epoch);
                return Err(Illegal::Epoch { seq, current, found });
            }
        }
        let Course::Ended(ending) = self.course else {
            return Ok(());
        };
        let after = matches!(
            record.event,
            Event::TakenOver
                | Event::Ruled { .. }
                | Event::Resumed { .. }
                | Event::Abandoned { .. }
        );
        if ending == Ending::Halted && after { Ok(()) } else { Err(Illegal::Ended { seq, ending }) }
    }

    fn take(&mut self, record: &Record) -> Result<(), Illegal> {
        let seq = record.seq;
        match &record.event {
            Event::Opened(opening) => self.open(opening, record),
            Event::TakenOver => {}
            Event::Intent { step, attempt, undo } => self.intend(seq, *step, *attempt, *undo)?,
            Event::Withdrawn { step } => self.withdraw(seq, *step)?,
            Event::Done { step, undo, receipt } => self.done(seq, *step, *undo, receipt)?,
            Event::Refused { step, undo, reason, last } => {
                self.refused(seq, *step, *undo, reason, *last)?;
            }
            Event::Unknown { step, undo, hint } => self.unknown(seq, *step, *undo, hint)?,
            Event::GivenUp { step, hint } => self.given_up(seq, *step, hint)?,
            Event::Answered { step, answer, reason, by } => {
                self.answered(seq, *step, by, *answer, reason.as_deref())?;
            }
            Event::Ruled { step, verdict, reason, by } => {
                self.ruled(seq, *step, by, *verdict, reason)?;
            }
            Event::EvidenceSeen(evidence) => self.keep_evidence(std::slice::from_ref(evidence)),
            Event::CancelRequested { by, .. } => self.cancel(seq, by)?,
            Event::Unwinding(cause) => self.turn(seq, Course::Unwinding, cause)?,
            Event::Halting(cause) => self.turn(seq, Course::Halting, cause)?,
            Event::Resumed { .. } => self.resumed(seq)?,
            Event::Abandoned { .. } => self.course = Course::Ended(Ending::Abandoned),
            Event::Ended(ending) => self.end(seq, *ending)?,
        }
        Ok(())
    }

    fn open(&mut self, opening: &Opening, record: &Record) {
        self.started_at = record.at;
        self.keep_evidence(&opening.evidence);
        self.opening = Some(Box::new(opening.clone()));
        self.rebuild();
    }

    fn cancel(&mut self, seq: u64, by: &By) -> Result<(), Illegal> {
        let wrong = |why| Illegal::Course { seq, event: "cancel", why };
        match self.course {
            Course::Unwinding => return Err(wrong("it is already being undone")),
            Course::Halting => return Err(wrong("it is already coming to rest")),
            _ if self.cancelled.is_some() => return Err(wrong("that was asked before")),
            _ => self.cancelled = Some(by.clone()),
        }
        Ok(())
    }

    /// Only the turn that is due can be written, so that no journal undoes what lies behind its pivot.
    fn turn(&mut self, seq: u64, to: Course, cause: &Cause) -> Result<(), Illegal> {
        let event = if to == Course::Unwinding { "unwinding" } else { "halting" };
        let due = match self.turn_due() {
            Some(Event::Unwinding(due)) => to == Course::Unwinding && due == *cause,
            Some(Event::Halting(due)) => to == Course::Halting && due == *cause,
            _ => false,
        };
        if !due {
            return Err(Illegal::Course { seq, event, why: "that turn is not due" });
        }
        self.course = to;
        self.cause = Some(cause.clone());
        Ok(())
    }

    fn end(&mut self, seq: u64, ending: Ending) -> Result<(), Illegal> {
        if self.ending_due() != Some(ending) {
            let why = "that ending is not due";
            return Err(Illegal::Course { seq, event: "ended", why });
        }
        self.course = Course::Ended(ending);
        Ok(())
    }

    /// A halted run goes on where it stood: forwards, or back.
    fn resumed(&mut self, seq: u64) -> Result<(), Illegal> {
        if self.course != Course::Ended(Ending::Halted) {
            let why = "only a halted run can be resumed";
            return Err(Illegal::Course { seq, event: "resumed", why });
        }
        self.fresh.clear();
        let failed = if self.unwind.is_some() { StepState::UndoFailed } else { StepState::Failed };
        for ix in 0..self.graph.len() as StepIx {
            if self.slots[ix as usize].state == failed {
                self.give_another_attempt(ix);
            }
        }
        if self.unwind.is_some() {
            self.course = Course::Unwinding;
            self.rebuild_undo();
        } else {
            self.course = Course::Forward;
            self.cancelled = None;
            self.first_failure = None;
            self.cause = None;
            self.rebuild();
        }
        self.settle_after_replay();
        Ok(())
    }
}
