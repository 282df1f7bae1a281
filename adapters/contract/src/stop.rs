//! Why an operation ends before it is done, for adapters that carry out one step after the other: each step ends
//! with `?`, and what came of the whole is an [`Outcome`].

use std::fmt::Display;

use crate::error::{AdapterError, ErrorClass};
use crate::outcome::{Hint, Outcome, Reason};

/// Why an operation is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing has changed.
    Refused(Reason),
    /// Something may have.
    Unknown(Hint),
}

impl Stop {
    /// A refusal.
    pub fn no(class: ErrorClass, message: impl Into<String>) -> Stop {
        Stop::Refused(Reason { class, message: message.into() })
    }

    /// A refusal for as long as things are as they are.
    pub fn not_now(message: impl Into<String>) -> Stop {
        Stop::Refused(not_now(message))
    }

    /// For `map_err` once something was changed.
    pub fn unknown(why: impl Display) -> Stop {
        Stop::Unknown(Hint { message: why.to_string() })
    }

    /// After something was changed only a look tells.
    #[must_use]
    pub fn unsure(self) -> Stop {
        match self {
            Stop::Refused(reason) => Stop::Unknown(Hint { message: reason.message }),
            unknown @ Stop::Unknown(_) => unknown,
        }
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Stop {
        Stop::Refused(reason)
    }
}

/// A look that fails before anything was changed.
impl From<AdapterError> for Stop {
    fn from(error: AdapterError) -> Stop {
        Stop::no(error.class, error.message)
    }
}

impl From<Reason> for AdapterError {
    fn from(reason: Reason) -> AdapterError {
        AdapterError::new(reason.class, reason.message)
    }
}

impl<T> From<Result<T, Stop>> for Outcome<T> {
    fn from(result: Result<T, Stop>) -> Outcome<T> {
        match result {
            Ok(done) => Outcome::Done(done),
            Err(Stop::Refused(reason)) => Outcome::Refused(reason),
            Err(Stop::Unknown(hint)) => Outcome::Unknown(hint),
        }
    }
}

/// A refusal for as long as things are as they are.
pub fn not_now(message: impl Into<String>) -> Reason {
    Reason { class: ErrorClass::Precondition, message: message.into() }
}

/// A refusal where trying again may help.
pub fn later(message: impl Into<String>) -> Reason {
    Reason { class: ErrorClass::Retry, message: message.into() }
}

/// A refusal of what does not exist.
pub fn missing(what: impl Display) -> Reason {
    Reason { class: ErrorClass::NotFound, message: format!("{what} does not exist here") }
}

/// A refusal of what cannot be done at all.
pub fn unsupported(message: impl Into<String>) -> Reason {
    Reason { class: ErrorClass::Unsupported, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_unknown_once_something_was_changed() {
        let refused = Stop::not_now("it runs");
        assert_eq!(Outcome::<()>::from(Err(refused.clone())), Outcome::Refused(not_now("it runs")));
        assert_eq!(refused.unsure(), Stop::unknown("it runs"));
        assert_eq!(Stop::unknown("x").unsure(), Stop::unknown("x"));
        assert_eq!(Outcome::<()>::from(Err(Stop::unknown("x"))), Outcome::unknown("x"));
        assert_eq!(Outcome::from(Ok(1)), Outcome::Done(1));
    }

    #[test]
    fn the_class_of_a_look_is_kept() {
        let error = AdapterError::new(ErrorClass::Auth, "no");
        assert_eq!(Stop::from(error.clone()), Stop::no(ErrorClass::Auth, "no"));
        assert_eq!(AdapterError::from(missing("x")).class, ErrorClass::NotFound);
        assert_eq!(later("x").class, ErrorClass::Retry);
        assert_eq!(unsupported("x").class, ErrorClass::Unsupported);
    }
}
