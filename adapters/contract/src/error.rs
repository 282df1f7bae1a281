//! How an adapter says that something is wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of error; decides who does what about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// Trying again may help: busy, throttled, briefly out of reach.
    Retry,
    /// Credentials are wrong or expired.
    Auth,
    /// The object does not exist.
    NotFound,
    /// The object is in a state from which this is not allowed, or a token was too low.
    Precondition,
    /// There is no room.
    Capacity,
    /// The backend cannot do this.
    Unsupported,
    /// The answer made no sense, or the adapter is broken.
    Bug,
}

/// A query or call that gave no answer. Mutations answer with an [`crate::Outcome`] instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, JsonSchema)]
#[error("{message}")]
pub struct AdapterError {
    /// What kind.
    pub class: ErrorClass,
    /// For people; no secrets.
    pub message: String,
}

impl AdapterError {
    /// An error of a class.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> AdapterError {
        AdapterError { class, message: message.into() }
    }
}
