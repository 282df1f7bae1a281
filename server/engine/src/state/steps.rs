//! Records about one step.

use muster_contract::{Hint, Reason, Receipt};
use muster_plans::graph::{Action, OnFailure, StepIx};

use super::{Course, Flags, Illegal, RunState, StepState};
use crate::event::{Answer, By, Event, Ordinal, Verdict};

impl RunState {
    fn state_of(&self, seq: Ordinal, step: StepIx) -> Result<StepState, Illegal> {
        let slot = self.slots.get(step as usize);
        slot.map(|slot| slot.state).ok_or(Illegal::NoSuchStep { seq, step })
    }

    /// The step must be in one of these states.
    fn require(
        &self,
        seq: Ordinal,
        step: StepIx,
        event: &'static str,
        allowed: &[StepState],
    ) -> Result<StepState, Illegal> {
        let state = self.state_of(seq, step)?;
        if allowed.contains(&state) {
            Ok(state)
        } else {
            Err(Illegal::Step { seq, step, event, state })
        }
    }

    /// The step, or its undo, must be under way.
    fn under_way(
        &self,
        seq: Ordinal,
        step: StepIx,
        event: &'static str,
        undo: bool,
    ) -> Result<StepState, Illegal> {
        let allowed = if undo {
            [StepState::Undoing, StepState::UndoUnknown]
        } else {
            [StepState::Running, StepState::Unknown]
        };
        self.require(seq, step, event, &allowed)
    }

    /// A new attempt of a ready step, or the same attempt again under a higher token.
    pub(super) fn intend(
        &mut self,
        seq: Ordinal,
        step: StepIx,
        attempt: u32,
        undo: bool,
    ) -> Result<(), Illegal> {
        let state = if undo {
            let allowed = [StepState::UndoReady, StepState::Undoing, StepState::UndoUnknown];
            self.require(seq, step, "intent to undo", &allowed)?
        } else {
            let allowed = [StepState::Ready, StepState::Running, StepState::Unknown];
            self.require(seq, step, "intent", &allowed)?
        };
        let slot = &self.slots[step as usize];
        let expected = u32::from(if undo { slot.undo_attempt } else { slot.attempt });
        if attempt != expected {
            return Err(Illegal::Attempt { seq, step, expected, found: attempt });
        }
        let new = matches!(state, StepState::Ready | StepState::UndoReady);
        if new && (if undo { self.course != Course::Unwinding } else { self.is_stopping() }) {
            let why = "nothing new is started";
            return Err(Illegal::Course { seq, event: "intent", why });
        }
        if super::derived(&self.graph, step) {
            return Err(Illegal::Step { seq, step, event: "intent", state });
        }
        self.begin(step, undo, new);
        Ok(())
    }

    fn begin(&mut self, step: StepIx, undo: bool, new: bool) {
        let offset = self.offset();
        let slot = &mut self.slots[step as usize];
        if new && !undo && !slot.flags.has(Flags::BEGUN) {
            slot.started = offset;
            slot.flags.put(Flags::BEGUN, true);
        }
        if may_write(&self.graph.step(step).action, undo) {
            self.is_alive(step);
        }
        self.set(step, if undo { StepState::Undoing } else { StepState::Running });
    }

    /// The site of a step, now.
    fn is_alive(&mut self, step: StepIx) {
        let (site, now) = (self.graph.step(step).site.0 as usize, self.moment());
        if let Some(at) = self.alive_at.get_mut(site) {
            *at = Some(now);
        }
    }

    /// Nothing was sent: the attempt can be made later under the same number.
    pub(super) fn withdraw(&mut self, seq: Ordinal, step: StepIx) -> Result<(), Illegal> {
        let allowed = [StepState::Running, StepState::Undoing];
        let state = self.require(seq, step, "withdrawn", &allowed)?;
        let undo = state == StepState::Undoing;
        self.set(step, if undo { StepState::UndoReady } else { StepState::Ready });
        self.fresh.push(step);
        Ok(())
    }

    pub(super) fn done(
        &mut self,
        seq: Ordinal,
        step: StepIx,
        undo: bool,
        receipt: &Receipt,
    ) -> Result<(), Illegal> {
        self.under_way(seq, step, "done", undo)?;
        self.notes.remove(&step);
        if let Some(note) = &receipt.note {
            self.note(step, note);
        }
        if tells_of_life(&self.graph.step(step).action) {
            self.is_alive(step);
        }
        if undo {
            self.finish_undo(step, StepState::Undone);
        } else {
            self.succeed(step, receipt.already);
        }
        Ok(())
    }

    fn succeed(&mut self, step: StepIx, already: bool) {
        self.slots[step as usize].flags.put(Flags::ALREADY, already);
        // A stretched leg was writable all along: nothing has passed to the other side by that.
        let promotes = matches!(self.graph.step(step).action, Action::PromoteStorage(_));
        self.promoted |= promotes && !already;
        self.finish(step, StepState::Done);
    }

    pub(super) fn refused(
        &mut self,
        seq: Ordinal,
        step: StepIx,
        undo: bool,
        reason: &Reason,
        last: bool,
    ) -> Result<(), Illegal> {
        self.under_way(seq, step, "refused", undo)?;
        match (last && !undo).then(|| way_past(&self.graph.step(step).action)).flatten() {
            Some(way) => self.note(step, &format!("{}; {way}", reason.message)),
            None => self.note(step, &reason.message),
        }
        match (undo, last) {
            (false, true) => self.fail(step, false),
            (true, true) => self.finish_undo(step, StepState::UndoFailed),
            (_, false) => self.give_another_attempt(step),
        }
        Ok(())
    }

    /// The attempt is over without effect; the next one has a number, and so an identity, of its own.
    pub(super) fn give_another_attempt(&mut self, step: StepIx) {
        let state = self.slots[step as usize].state;
        let undo =
            matches!(state, StepState::Undoing | StepState::UndoUnknown | StepState::UndoFailed);
        let slot = &mut self.slots[step as usize];
        slot.flags.put(Flags::MAYBE, false);
        if undo {
            slot.undo_attempt = slot.undo_attempt.saturating_add(1);
            if state == StepState::UndoFailed {
                self.tally.undo_left += 1;
            }
            self.set(step, StepState::UndoReady);
        } else {
            slot.attempt = slot.attempt.saturating_add(1);
            self.set(step, StepState::Ready);
        }
        self.fresh.push(step);
    }

    pub(super) fn unknown(
        &mut self,
        seq: Ordinal,
        step: StepIx,
        undo: bool,
        hint: &Hint,
    ) -> Result<(), Illegal> {
        self.under_way(seq, step, "unknown", undo)?;
        self.note(step, &hint.message);
        self.set(step, if undo { StepState::UndoUnknown } else { StepState::Unknown });
        Ok(())
    }

    pub(super) fn given_up(
        &mut self,
        seq: Ordinal,
        step: StepIx,
        hint: &Hint,
    ) -> Result<(), Illegal> {
        let state = self.under_way(seq, step, "given up", false)?;
        if self.graph.step(step).on_failure == OnFailure::Policy {
            return Err(Illegal::Step { seq, step, event: "given up", state });
        }
        self.note(step, &hint.message);
        self.fail(step, true);
        Ok(())
    }

    pub(super) fn answered(
        &mut self,
        seq: Ordinal,
        step: StepIx,
        by: &By,
        answer: Answer,
        reason: Option<&str>,
    ) -> Result<(), Illegal> {
        let state = self.require(seq, step, "answered", &[StepState::Running])?;
        if !matches!(self.graph.step(step).action, Action::Prompt(_)) {
            return Err(Illegal::Step { seq, step, event: "answered", state });
        }
        let word = if answer == Answer::Continue { "continued" } else { "aborted" };
        let note = match reason {
            Some(reason) => format!("{word} by {}: {reason}", by.0),
            None => format!("{word} by {}", by.0),
        };
        self.note(step, &note);
        match answer {
            Answer::Continue => self.succeed(step, false),
            Answer::Abort => self.fail(step, false),
        }
        Ok(())
    }

    /// A person's word about a step that nobody can say of, or that failed.
    pub(super) fn ruled(
        &mut self,
        seq: Ordinal,
        step: StepIx,
        by: &By,
        verdict: Verdict,
        reason: &str,
    ) -> Result<(), Illegal> {
        let allowed =
            [StepState::Unknown, StepState::Failed, StepState::UndoUnknown, StepState::UndoFailed];
        let state = self.require(seq, step, "ruled", &allowed)?;
        self.note(step, &format!("ruled by {}: {reason}", by.0));
        if matches!(state, StepState::UndoUnknown | StepState::UndoFailed) {
            self.rule_undo(step, state, verdict);
        } else {
            self.rule_forward(step, state, verdict);
        }
        Ok(())
    }

    /// A step that had failed has passed its end on already: it only changes its state, and who waits
    /// for whom is found out anew.
    fn rule_forward(&mut self, step: StepIx, state: StepState, verdict: Verdict) {
        let failed = state == StepState::Failed;
        if self.first_failure == Some(step) && verdict != Verdict::Fail && !self.is_turned() {
            self.first_failure = None;
        }
        // Whether a skipped step had its effect nobody has said; an unwind takes it back.
        let maybe = verdict == Verdict::Skip && !failed;
        match verdict {
            Verdict::Fail if failed => {}
            Verdict::Fail => self.fail(step, true),
            // There will be no other attempt in a run that undoes itself, and this one may have had its
            // effect: it is taken back like one of which that is known.
            Verdict::Retry if !failed && self.course == Course::Unwinding => {
                self.rule_good(step, StepState::Skipped, true, failed);
            }
            Verdict::Retry => self.give_another_attempt(step),
            Verdict::Done => self.rule_good(step, StepState::Done, maybe, failed),
            Verdict::Skip => self.rule_good(step, StepState::Skipped, maybe, failed),
        }
        if failed && verdict != Verdict::Fail {
            self.rebuild();
        }
    }

    fn rule_good(&mut self, step: StepIx, to: StepState, maybe: bool, failed: bool) {
        let slot = &mut self.slots[step as usize];
        slot.flags.put(Flags::MAYBE, maybe);
        slot.flags.put(Flags::ALREADY, false);
        let promotes = matches!(self.graph.step(step).action, Action::PromoteStorage(_));
        self.promoted |= promotes && to == StepState::Done;
        if to == StepState::Skipped {
            self.sideways.insert(step);
        }
        if failed {
            self.set(step, to);
        } else {
            self.finish(step, to);
        }
    }

    fn is_turned(&self) -> bool {
        matches!(self.course, Course::Unwinding | Course::Halting)
    }

    fn rule_undo(&mut self, step: StepIx, state: StepState, verdict: Verdict) {
        let failed = state == StepState::UndoFailed;
        match verdict {
            Verdict::Fail if failed => {}
            Verdict::Fail => self.finish_undo(step, StepState::UndoFailed),
            Verdict::Retry => {
                self.give_another_attempt(step);
                if failed {
                    self.rebuild_undo();
                }
            }
            Verdict::Done | Verdict::Skip if failed => {
                self.set(step, StepState::Undone);
                self.rebuild_undo();
            }
            Verdict::Done | Verdict::Skip => self.finish_undo(step, StepState::Undone),
        }
    }

    /// The next intent of a step that is ready, or of one that is taken over.
    pub fn next_intent(&self, step: StepIx) -> Option<Event> {
        let slot = self.slots.get(step as usize)?;
        match slot.state {
            StepState::Ready | StepState::Running | StepState::Unknown => {
                Some(Event::Intent { step, attempt: u32::from(slot.attempt), undo: false })
            }
            StepState::UndoReady | StepState::Undoing | StepState::UndoUnknown => {
                Some(Event::Intent { step, attempt: u32::from(slot.undo_attempt), undo: true })
            }
            _ => None,
        }
    }
}

/// What a person can do about a step that failed for good, where that does not go without saying.
fn way_past(action: &Action) -> Option<&'static str> {
    let fence = "nothing is promoted behind a fence that is recorded nowhere: resume the run when the \
                 cause is mended, or keep the site out by other means and rule this step done, under \
                 your name and with a reason";
    matches!(action, Action::Fence(_)).then_some(fence)
}

/// Whether an action, or its undo, may make its site write: evidence against that site must be newer.
fn may_write(action: &Action, undo: bool) -> bool {
    match action {
        Action::PromoteStorage(_)
        | Action::ReverseReplication(_)
        | Action::Unfence(_)
        | Action::PowerOn(_)
        | Action::ResumeVm(_) => !undo,
        Action::Migrate(..) => true,
        action => undo && stops_writers(action),
    }
}

/// Whether a site that has done it on the way out is alive.
fn tells_of_life(action: &Action) -> bool {
    stops_writers(action) || matches!(action, Action::SyncStorage(_))
}

/// Whether an action takes something from its site that could write.
fn stops_writers(action: &Action) -> bool {
    matches!(
        action,
        Action::GuestShutdown(_)
            | Action::PowerOff(_)
            | Action::SuspendVm(_)
            | Action::DemoteStorage(_)
            | Action::Unmount(_)
    )
}
