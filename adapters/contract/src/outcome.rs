//! The three answers to an operation.

use muster_plans::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ErrorClass;

/// What became of an operation.
///
/// There is no fourth: a step that may or may not have had its effect is `Unknown`, and only a
/// read-back or a named person makes something else of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome<T> {
    /// The backend says that it is done. A claim, to be read back.
    Done(T),
    /// Definitely no net change, now or by an earlier attempt of this operation id.
    Refused(Reason),
    /// Nobody can say yet.
    Unknown(Hint),
}

/// Why an operation was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// What kind of refusal; decides whether trying again makes sense.
    pub class: ErrorClass,
    /// For people; no secrets.
    pub message: String,
}

/// What is known of an operation of unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hint {
    /// For people; no secrets.
    pub message: String,
}

/// What comes with `Done`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The object was in the wanted state before; nothing was changed.
    pub already: bool,
    /// When the backend says that it took effect.
    pub at: Option<Time>,
    /// For people: `stun 180 ms, 3 rounds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a site agent knows of an operation id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpStatus {
    /// Never heard of: it had no effect and, once the fence is above its token, never will.
    NotKnown,
    /// Accepted; the effect has not happened yet.
    Pending,
    /// It came to this end.
    Ended(Outcome<Receipt>),
}

impl<T> Outcome<T> {
    /// A refusal.
    pub fn refused(class: ErrorClass, message: impl Into<String>) -> Outcome<T> {
        Outcome::Refused(Reason { class, message: message.into() })
    }

    /// An unknown outcome.
    pub fn unknown(message: impl Into<String>) -> Outcome<T> {
        Outcome::Unknown(Hint { message: message.into() })
    }
}
