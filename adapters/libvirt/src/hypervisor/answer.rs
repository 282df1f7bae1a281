//! What a verb comes to.

use muster_contract::{AdapterError, ErrorClass, Hint, OpContext, Outcome, Reason, Receipt};

use crate::pool::failed;
use crate::rpc::CallError;

/// Why a verb is not done.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nothing has changed.
    Refused(Reason),
    /// Something may have.
    Unknown(Hint),
}

impl Stop {
    pub(super) fn no(class: ErrorClass, message: String) -> Stop {
        Stop::Refused(Reason { class, message })
    }

    pub(super) fn not_now(message: String) -> Stop {
        Stop::no(ErrorClass::Precondition, message)
    }

    /// After something was changed only a look tells.
    pub(super) fn unsure(self) -> Stop {
        match self {
            Stop::Refused(reason) => Stop::Unknown(Hint { message: reason.message }),
            unknown @ Stop::Unknown(_) => unknown,
        }
    }
}

/// A look that fails before anything was changed.
impl From<AdapterError> for Stop {
    fn from(error: AdapterError) -> Stop {
        Stop::no(error.class, error.message)
    }
}

/// What became of a call that changes something, where the daemon does not say that it is done. Its answer,
/// whatever it says, is the end of the call: nothing of it is left to come. Where there is no answer nobody
/// knows.
pub(super) fn changed(error: &CallError) -> Stop {
    match error {
        CallError::NotSent(_) | CallError::Refused(_) => failed(error).into(),
        CallError::Lost(_) | CallError::Nonsense(_) => {
            Stop::Unknown(Hint { message: error.to_string() })
        }
    }
}

pub(super) fn end(done: Result<Receipt, Stop>) -> Outcome<Receipt> {
    match done {
        Ok(receipt) => Outcome::Done(receipt),
        Err(Stop::Refused(reason)) => Outcome::Refused(reason),
        Err(Stop::Unknown(hint)) => Outcome::Unknown(hint),
    }
}

pub(super) fn done() -> Receipt {
    Receipt::default()
}

pub(super) fn already() -> Receipt {
    Receipt { already: true, ..Receipt::default() }
}

pub(super) fn noted(note: impl Into<String>) -> Receipt {
    Receipt { note: Some(note.into()), ..Receipt::default() }
}

/// A dry run ends where something would be changed.
pub(super) fn dry(ctx: &OpContext) -> Option<Receipt> {
    ctx.dry_run.then(|| noted("it would be done"))
}
