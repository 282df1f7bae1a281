//! What can go wrong with the programs, with what they say, and with files.

use std::io;
use std::path::Path;

use muster_contract::file::FileError;
use muster_contract::name::NameError;
use muster_contract::{AdapterError, ErrorClass, Outcome, Receipt};

pub(crate) use muster_contract::Stop;
pub(crate) use muster_contract::stop::{later, missing, not_now, unsupported};

/// Something went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of ours.
    #[error("{what}: {cause}")]
    Io {
        /// What was done, to what.
        what: String,
        /// Why it failed.
        cause: io::Error,
    },
    /// A file of ours.
    #[error(transparent)]
    File(#[from] FileError),
    /// A record of ours that cannot be read.
    #[error("{what} is damaged: {cause}")]
    Damaged {
        /// Which.
        what: String,
        /// Why.
        cause: serde_json::Error,
    },
    /// A program said no.
    #[error("`{verb}` failed with exit code {code}: {why}")]
    Exit {
        /// What was run.
        verb: &'static str,
        /// An errno, by the convention of Ceph's programs.
        code: i32,
        /// What it said.
        why: String,
    },
    /// A program was ended before it answered, by us or by somebody else.
    #[error("`{verb}` gave no answer: {why}")]
    Silent {
        /// What was run.
        verb: &'static str,
        /// What happened.
        why: String,
    },
    /// An answer that makes no sense.
    #[error("the answer of `{verb}` makes no sense: {why}")]
    Nonsense {
        /// What was run.
        verb: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A name.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// Exit codes with which nothing was changed: EPERM, ENOENT, EACCES, EBUSY, EEXIST, EINVAL, EROFS.
const REFUSALS: [i32; 7] = [1, 2, 13, 16, 17, 22, 30];

impl Error {
    /// For `map_err`: what was done to which path.
    pub(crate) fn io(what: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let what = format!("{what} {}", path.display());
        move |cause| Error::Io { what, cause }
    }

    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Error::Io { cause, .. } if cause.kind() == io::ErrorKind::StorageFull => {
                ErrorClass::Capacity
            }
            Error::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                ErrorClass::Unsupported
            }
            Error::Exit { code: 1 | 13, .. } => ErrorClass::Auth,
            Error::Exit { code: 2, .. } => ErrorClass::NotFound,
            Error::Exit { code: 28 | 122, .. } => ErrorClass::Capacity,
            Error::Exit { code: 17 | 22 | 30, .. } => ErrorClass::Precondition,
            Error::Io { .. } | Error::Exit { .. } | Error::Silent { .. } => ErrorClass::Retry,
            Error::File(error) => error.class(),
            Error::Damaged { .. } | Error::Nonsense { .. } => ErrorClass::Bug,
            Error::Name(_) => ErrorClass::NotFound,
        }
    }

    /// Whether a program that was to change something certainly changed nothing.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Error::Exit { code, .. } => REFUSALS.contains(code),
            Error::Name(_) => true,
            _ => false,
        }
    }

    /// Whether it is the code that Ceph's programs end with.
    pub(crate) fn is_code(&self, wanted: i32) -> bool {
        matches!(self, Error::Exit { code, .. } if *code == wanted)
    }
}

impl From<Error> for AdapterError {
    fn from(error: Error) -> AdapterError {
        AdapterError::new(error.class(), error.to_string())
    }
}

/// An error before the first change.
impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        AdapterError::from(error).into()
    }
}

/// For `map_err` of a command that changes something.
pub(crate) fn changing(changed: bool) -> impl Fn(Error) -> Stop {
    move |error| match error.is_refusal() && !changed {
        true => error.into(),
        false => Stop::unknown(error),
    }
}

/// As the contract says it.
pub(crate) fn outcome(result: Result<Receipt, Stop>) -> Outcome<Receipt> {
    result.into()
}
