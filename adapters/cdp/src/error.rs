//! What can go wrong with files, subprocesses and the other site.

use std::io;
use std::path::Path;

use muster_contract::file::FileError;
use muster_contract::name::NameError;
use muster_contract::{AdapterError, ErrorClass, Outcome, Reason, Receipt};

pub(crate) use muster_contract::Stop;
pub(crate) use muster_contract::stop::{later, missing, not_now};

/// Something went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
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
    /// The hypervisor says no, or does not answer.
    #[error("the hypervisor: {0}")]
    Guests(#[from] AdapterError),
    /// The other site cannot be reached or its answer is none.
    #[error("the peer does not answer: {0}")]
    Silent(String),
    /// The other site says no.
    #[error("the peer refused: {}", .0.message)]
    Peer(Reason),
    /// A name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It cannot be done as things are.
    #[error("{0}")]
    NotNow(String),
}

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
            Error::Io { .. } | Error::Silent(_) => ErrorClass::Retry,
            Error::Guests(error) => error.class,
            Error::Peer(reason) => reason.class,
            Error::File(error) => error.class(),
            Error::Name(_) => ErrorClass::NotFound,
            Error::NotNow(_) => ErrorClass::Precondition,
        }
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

/// As the contract says it.
pub(crate) fn outcome(result: Result<Receipt, Stop>) -> Outcome<Receipt> {
    result.into()
}
