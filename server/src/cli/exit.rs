//! Exit codes, and errors as the last words on stderr.

use std::process::ExitCode;

/// How a command ended. Scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Succeeded.
    Done = 0,
    /// Usage or bad input, findings included.
    Usage = 1,
    /// Could not run: no server, no file.
    CouldNotRun = 2,
    /// Refused, with the reason.
    Refused = 3,
    /// Finished with problems.
    Problems = 4,
    /// Waiting for a person.
    Waiting = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error that carries its own exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// The code.
    pub(crate) exit: Exit,
    /// The code of the server's problem report, where it was one.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
}

impl Failure {
    /// An error with its exit code.
    pub(crate) fn error(exit: Exit, message: impl Into<String>) -> anyhow::Error {
        Failure { exit, code: String::new(), message: message.into() }.into()
    }
}

/// Prints an error and gives the code.
#[expect(clippy::print_stderr, reason = "the command line talks on stderr")]
pub(crate) fn report(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = error.downcast_ref::<Failure>().map_or(Exit::CouldNotRun, |f| f.exit);
            eprintln!("muster: {error:#}");
            exit.into()
        }
    }
}
