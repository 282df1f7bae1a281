//! What is remembered.

use muster_contract::{OpId, Outcome, Receipt, Token};
use muster_plans::id::{GroupName, SiteName};
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

/// Version of the file.
pub(super) const FORMAT: u16 = 1;

/// One thing to remember.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum Record {
    /// The first record of a file.
    Ledger { format: u16, site: SiteName },
    /// An operation is about to go to the backend.
    Intent {
        id: OpId,
        digest: String,
        object: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<GroupName>,
        token: Token,
        at: Time,
    },
    /// It came to an end that will not change: done, or refused, or, on a person's or the backend's
    /// word that it is over, unknown.
    Ended { id: OpId, digest: String, outcome: Outcome<Receipt>, at: Time },
    /// It was cancelled before it was heard of, and is refused should it come.
    Cancelled { id: OpId, at: Time },
    /// A fence was faster than an intent: the operation did not go to the backend.
    Withdrawn { id: OpId },
    /// Nothing below this token in a protection group, or at the whole site.
    Floor {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<GroupName>,
        token: Token,
    },
    /// The highest token of an object, carried over when its operations are forgotten.
    Mark {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<GroupName>,
        object: String,
        token: Token,
        id: OpId,
    },
}
