//! What a verb comes to.

use muster_contract::{OpContext, Receipt};

pub(super) use muster_contract::Stop;

use crate::pool::failed;
use crate::rpc::CallError;

/// What became of a call that changes something, where the daemon does not say that it is done. Its answer,
/// whatever it says, is the end of the call: nothing of it is left to come. Where there is no answer nobody
/// knows.
pub(super) fn changed(error: &CallError) -> Stop {
    match error {
        CallError::NotSent(_) | CallError::Refused(_) => failed(error).into(),
        CallError::Lost(_) | CallError::Nonsense(_) => Stop::unknown(error),
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

/// An answer with what was not looked at.
pub(super) fn besides(receipt: Receipt, blind: Option<String>) -> Receipt {
    let both = receipt.note.into_iter().chain(blind).collect::<Vec<_>>().join("; ");
    Receipt { note: Some(both).filter(|note| !note.is_empty()), ..receipt }
}

/// A dry run ends where something would be changed.
pub(super) fn dry(ctx: &OpContext) -> Option<Receipt> {
    ctx.dry_run.then(|| noted("it would be done"))
}
