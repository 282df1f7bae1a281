//! Why the store did not do what it was asked.

use std::path::PathBuf;

use muster_plans::id::{GroupName, RunId};
use sea_orm::DbErr;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address names a database that this build does not speak.
    #[error("`{0}` is no database that this server speaks; give a file path or `sqlite:PATH`")]
    Unsupported(String),
    /// Another process has the database open.
    #[error("another server has {} open; stop it first, or give this one its own database", .0.display())]
    Locked(PathBuf),
    /// The database was written by a newer server.
    #[error(
        "the database knows schema changes that this server does not ({}); start the newer server, or restore a backup from before the upgrade",
        .0.join(", ")
    )]
    NewerSchema(Vec<String>),
    /// The database file is damaged.
    #[error("the database is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// Somebody else changed it in the meantime.
    #[error("{what} was changed in the meantime: version {expected} was expected, {} is there", version(*.found))]
    Conflict {
        /// What, as `kind/name`.
        what: String,
        /// The version that the writer had read; 0 stands for "does not exist".
        expected: u64,
        /// The version that is there; `None`: it is gone.
        found: Option<u64>,
    },
    /// There is one already.
    #[error("{0} exists already")]
    Exists(String),
    /// There is none.
    #[error("there is no {0}")]
    NotFound(String),
    /// The change would leave nobody who must be there.
    #[error("without {0} nobody is left who may do this")]
    NobodyLeft(String),
    /// A protection group is in another active run.
    #[error(
        "protection group `{group}` is in run {run}, which is still active; wait for it, or end it first"
    )]
    GroupBusy {
        /// The group.
        group: GroupName,
        /// The run that holds it.
        run: RunId,
    },
    /// A stored value cannot be read any more.
    #[error("the stored {0} cannot be read")]
    Corrupt(String),
    /// An earlier write failed, so that nobody knows what is on the disk.
    #[error(
        "an earlier write to the database failed; free space or mend the disk, then restart the server"
    )]
    Failed,
    /// A file beside the database could not be read or written.
    #[error("{} cannot be used", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
    /// The database refused or did not answer.
    #[error("the database does not answer")]
    Database(#[from] DbErr),
}

fn version(found: Option<u64>) -> String {
    found.map_or_else(|| String::from("nothing"), |n| format!("version {n}"))
}

impl Error {
    /// Stable identity of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Unsupported(_) => "database-unsupported",
            Error::Locked(_) => "database-locked",
            Error::NewerSchema(_) => "schema-newer",
            Error::Damaged(_) => "database-damaged",
            Error::Conflict { .. } => "version-conflict",
            Error::Exists(_) => "exists",
            Error::NotFound(_) => "not-found",
            Error::NobodyLeft(_) => "nobody-left",
            Error::GroupBusy { .. } => "group-busy",
            Error::Corrupt(_) => "stored-value-unreadable",
            Error::Failed => "database-failed",
            Error::File(..) => "database-file",
            Error::Random => "no-randomness",
            Error::Database(_) => "database-unavailable",
        }
    }

    /// Whether the row that was to be made is there already.
    pub(crate) fn is_duplicate(error: &DbErr) -> bool {
        matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
    }
}
