//! What can go wrong with a BMC.

use muster_contract::{AdapterError, ErrorClass, Reason};

/// Something went wrong with one way to one BMC. No text holds a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nobody was reached, so that nobody heard anything.
    #[error("it is out of reach: {0}")]
    Unreachable(String),
    /// It was reached, and did not answer in time.
    #[error("it did not answer within {0} seconds")]
    Silent(u64),
    /// The connection, or the program, ended before the answer did.
    #[error("its answer broke off: {0}")]
    Broken(String),
    /// It says no.
    #[error("it refuses with {status}: {why}")]
    Refused {
        /// HTTP's number for it.
        status: u16,
        /// What it said.
        why: String,
    },
    /// It does not let this user do it.
    #[error("it does not accept user or password, or not for this: {0}")]
    Auth(String),
    /// It, or what is behind it, is out of order.
    #[error("it fails with {status}: {why}")]
    Failed {
        /// HTTP's number for it, or the program's exit code.
        status: i32,
        /// What it said.
        why: String,
    },
    /// An answer that makes no sense.
    #[error("its answer makes no sense: {0}")]
    Nonsense(String),
    /// It cannot do what is needed.
    #[error("it cannot do this: {0}")]
    Unsupported(String),
    /// The machine behind it is not the one that is meant.
    #[error("it belongs to another machine: its UUID is {found}, and {wanted} is configured")]
    Stranger {
        /// What it says.
        found: String,
        /// What was configured.
        wanted: String,
    },
    /// A password file.
    #[error("the password file {path} cannot be used: {why}")]
    Account {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// `ipmitool`.
    #[error("`{program}` cannot be started: {why}")]
    Program {
        /// Which.
        program: String,
        /// Why.
        why: String,
    },
}

impl Error {
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Error::Auth(_) | Error::Account { .. } => ErrorClass::Auth,
            Error::Refused { status: 404 | 410, .. } => ErrorClass::NotFound,
            Error::Refused { status: 408 | 425 | 429, .. } => ErrorClass::Retry,
            Error::Refused { .. } | Error::Stranger { .. } => ErrorClass::Precondition,
            Error::Unsupported(_) | Error::Program { .. } => ErrorClass::Unsupported,
            Error::Nonsense(_) => ErrorClass::Bug,
            Error::Unreachable(_) | Error::Silent(_) | Error::Broken(_) | Error::Failed { .. } => {
                ErrorClass::Retry
            }
        }
    }

    /// Whether a command that ended so certainly had no effect, and never will.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Error::Unreachable(_)
            | Error::Refused { .. }
            | Error::Auth(_)
            | Error::Unsupported(_)
            | Error::Stranger { .. }
            | Error::Account { .. }
            | Error::Program { .. } => true,
            Error::Silent(_) | Error::Broken(_) | Error::Failed { .. } | Error::Nonsense(_) => {
                false
            }
        }
    }
}

impl From<Error> for AdapterError {
    fn from(error: Error) -> AdapterError {
        AdapterError::new(error.class(), error.to_string())
    }
}

/// A refusal by one way.
pub(crate) fn reason(class: ErrorClass, message: impl Into<String>) -> Reason {
    Reason { class, message: message.into() }
}

/// A complaint of somebody else, who may have left it empty.
pub(crate) fn complaint(text: &str) -> String {
    let line = tidy(text);
    if line.is_empty() { "it did not say why".to_owned() } else { line }
}

/// What somebody else said, on one line and not too long, for a message.
pub(crate) fn tidy(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_had_an_effect_is_no_refusal() {
        let why = String::new;
        assert!(Error::Unreachable(why()).is_refusal());
        assert!(Error::Refused { status: 400, why: why() }.is_refusal());
        for unsure in [
            Error::Silent(5),
            Error::Broken(why()),
            Error::Failed { status: 500, why: why() },
            Error::Nonsense(why()),
        ] {
            assert!(!unsure.is_refusal(), "{unsure}");
        }
    }

    #[test]
    fn a_complaint_is_one_short_line() {
        assert_eq!(tidy("a\r\n\u{1b}[31m b"), "a [31m b");
        assert_eq!(tidy("\n"), "");
        assert_eq!(complaint("\n"), "it did not say why");
        assert!(tidy(&"x".repeat(5000)).chars().count() < 310);
    }
}
