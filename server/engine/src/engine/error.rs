//! Why something was not begun, or came to a stop.

use crate::event::Ending;
use crate::ports::JournalError;
use crate::state::Illegal;
use crate::writer::WriteError;

/// Why a run was not started or taken over.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// This engine executes it already.
    #[error("the run is under way here already")]
    AlreadyLive,
    /// Somebody holds its lease.
    #[error("another server executes the run; it can be taken over when its lease has run out")]
    Held,
    /// Its journal is empty: it was never opened.
    #[error("the run has no journal yet; start it")]
    Empty,
    /// Its journal is not empty.
    #[error("the run was started before; resume it")]
    Started,
    /// It is over.
    #[error("the run is over ({0:?})")]
    Over(Ending),
    /// It is not over, so it cannot be resumed by a person.
    #[error("the run has not halted")]
    NotHalted,
    /// Its journal cannot be what this graph did.
    #[error("the journal cannot be replayed: {0}")]
    Illegal(#[from] Illegal),
    /// The journal lives another life than this engine.
    #[error("the journal is of incarnation {journal}, this server of {engine}; start it again")]
    OtherLife {
        /// The journal's.
        journal: u64,
        /// The engine's.
        engine: u64,
    },
    /// The run belongs to another owner by now, or is not known to the journal.
    #[error("the journal refused: {0}")]
    Refused(String),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] JournalError),
    /// The journal did not answer.
    #[error("nobody knows whether the journal was written: {0}")]
    Silent(String),
    /// The engine is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

impl From<WriteError> for StartError {
    fn from(error: WriteError) -> StartError {
        match error {
            WriteError::Refused(crate::ports::AppendError::Gap(_)) => StartError::Started,
            WriteError::Refused(refused) => StartError::Refused(refused.to_string()),
            WriteError::Silent(words) => StartError::Silent(words),
        }
    }
}

/// Why a person's word was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No run of that id is executed here.
    #[error("the run is not under way here")]
    NotLive,
    /// It cannot be said now.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The run came to a stop before it was written down.
    #[error("the run stopped before this was written down")]
    Stopped,
}

/// Why a run is not executed here any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is over.
    Ended(Ending),
    /// Somebody else owns it now.
    Lost,
    /// The server is shutting down; whoever comes next resumes it.
    Shutdown,
    /// The store did not answer, so nobody here knows what is written. Whoever reads the journal goes on
    /// where it ends; the words say what went wrong.
    Silent(String),
    /// Something is wrong with this run alone; it is left as it is, with these words.
    Parked(String),
}

impl From<WriteError> for Stop {
    fn from(error: WriteError) -> Stop {
        match error {
            WriteError::Refused(crate::ports::AppendError::FencedOff) => Stop::Lost,
            WriteError::Silent(words) => Stop::Silent(words),
            other => Stop::Parked(other.to_string()),
        }
    }
}

impl From<Illegal> for Stop {
    fn from(illegal: Illegal) -> Stop {
        Stop::Parked(illegal.to_string())
    }
}
