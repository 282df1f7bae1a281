//! What is remembered of one step: 28 bytes, so that a quarter of a million steps are 7 MB.

use serde::Serialize;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Waits for other steps.
    Pending,
    /// Waits for its turn.
    Ready,
    /// Its intent is written; it may be under way.
    Running,
    /// Nobody can say what became of it.
    Unknown,
    /// Done, and read back.
    Done,
    /// Not needed.
    Skipped,
    /// Failed, which is only a warning.
    Warned,
    /// Failed, and is owed.
    Owed,
    /// Failed.
    Failed,
    /// A step that it needs failed.
    Blocked,
    /// Its undo waits for its turn.
    UndoReady,
    /// Its undo may be under way.
    Undoing,
    /// Nobody can say what became of its undo.
    UndoUnknown,
    /// It was undone.
    Undone,
    /// Its undo failed.
    UndoFailed,
    /// Its undo needs the undo of another step, which failed.
    UndoBlocked,
}

impl StepState {
    /// It came to an end after which what needs it may go on.
    pub fn is_good(self) -> bool {
        matches!(self, StepState::Done | StepState::Skipped | StepState::Warned | StepState::Owed)
    }

    /// It came to an end, good or bad, before anything was undone.
    pub fn is_settled(self) -> bool {
        self.is_good() || matches!(self, StepState::Failed | StepState::Blocked)
    }

    /// Something may be under way at a site.
    pub fn is_active(self) -> bool {
        matches!(
            self,
            StepState::Running | StepState::Unknown | StepState::Undoing | StepState::UndoUnknown
        )
    }

    /// Nobody can say what became of it.
    pub fn is_unknown(self) -> bool {
        matches!(self, StepState::Unknown | StepState::UndoUnknown)
    }
}

/// Facts beside the state, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    /// It may have had its effect although it did not succeed.
    pub(super) const MAYBE: u8 = 1;
    /// It found the wanted state and changed nothing, so there is nothing to undo.
    pub(super) const ALREADY: u8 = 2;
    /// It has an undo that the unwind must do.
    pub(super) const TO_UNDO: u8 = 4;
    /// Its undo cannot come, because one that it needs failed.
    pub(super) const UNDO_BLOCKED: u8 = 8;
    /// Its intent was written ahead and nothing was sent yet. Known to the live owner only.
    pub(super) const HELD: u8 = 16;
    /// It has begun at least once.
    pub(super) const BEGUN: u8 = 32;

    pub(super) fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    pub(super) fn put(&mut self, bit: u8, on: bool) {
        if on {
            self.0 |= bit;
        } else {
            self.0 &= !bit;
        }
    }
}

/// What is remembered of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Earlier steps that have not come to an end.
    pub(super) waits: u32,
    /// Later steps whose undo has not come to an end.
    pub(super) undo_waits: u32,
    /// Milliseconds from the run's start to the step's.
    pub(super) started: u32,
    /// Milliseconds from the run's start to the step's end.
    pub(super) ended: u32,
    /// Number of the next attempt, or of the one under way.
    pub(super) attempt: u16,
    /// The same for its undo.
    pub(super) undo_attempt: u16,
    pub(super) state: StepState,
    pub(super) flags: Flags,
}

impl Slot {
    pub(super) const NEW: Slot = Slot {
        waits: 0,
        undo_waits: 0,
        started: 0,
        ended: 0,
        attempt: 0,
        undo_attempt: 0,
        state: StepState::Pending,
        flags: Flags(0),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_small() {
        assert!(size_of::<Slot>() <= 28, "{}", size_of::<Slot>());
    }
}
