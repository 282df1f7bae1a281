//! States of runs and steps.

super::states! {
    /// State of a run.
    RunState {
        /// Steps are under way.
        Running = "running", Info, "run", "running";
        /// It waits for a person: a prompt, a gate, or a step whose outcome nobody knows.
        Waiting = "waiting", Warn, "hand", "waiting for you";
        /// Nothing more is started; what was done is being undone.
        Unwinding = "unwinding", Warn, "undo", "undoing";
        /// Nothing more is started; what is under way comes to rest.
        Halting = "halting", Warn, "pause", "coming to a halt";
        /// It stopped, and can be resumed.
        Halted = "halted", Bad, "pause", "halted";
        /// Everything was done.
        Succeeded = "succeeded", Good, "ok", "succeeded";
        /// Everything that counts was done; something is owed or went wrong on the side.
        Warnings = "warnings", Warn, "warn", "succeeded with warnings";
        /// Everything was undone.
        Undone = "undone", Quiet, "undo", "undone";
        /// A person gave it up; it cannot be resumed.
        Abandoned = "abandoned", Bad, "bad", "given up";
    }
}

impl RunState {
    /// Whether nothing will happen any more without a new request.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            RunState::Halted
                | RunState::Succeeded
                | RunState::Warnings
                | RunState::Undone
                | RunState::Abandoned
        )
    }
}

super::states! {
    /// State of a step.
    StepState {
        /// Not started yet.
        Pending = "pending", Quiet, "dot", "pending";
        /// Under way.
        Running = "running", Info, "run", "running";
        /// It will be tried again.
        Retrying = "retrying", Warn, "run", "will try again";
        /// It waits for a person or for evidence.
        Asking = "asking", Warn, "hand", "waiting for you";
        /// Its postcondition was read back.
        Done = "done", Good, "ok", "done";
        /// It was so already.
        AlreadyDone = "already-done", Good, "ok", "was done already";
        /// It failed, and the run goes on by another way.
        Warning = "warning", Warn, "warn", "failed, run goes on";
        /// It failed for good.
        Failed = "failed", Bad, "bad", "failed";
        /// Nobody knows whether it had its effect.
        Unknown = "unknown", Bad, "unknown", "outcome unknown";
        /// It is left for the time when its site comes back.
        Owed = "owed", Warn, "wait", "owed";
        /// Something that it waits for failed.
        Blocked = "blocked", Warn, "blocked", "blocked";
        /// It is not needed.
        Skipped = "skipped", Quiet, "skip", "skipped";
        /// It is being undone.
        Undoing = "undoing", Warn, "undo", "being undone";
        /// It was undone.
        Undone = "undone", Quiet, "undo", "undone";
    }
}
