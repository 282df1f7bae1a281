//! Why somebody was not let in.

use super::fault::Fault;

/// Why somebody was not let in, or could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Which of the two is wrong is not said: whoever guesses learns nothing.
    #[error("this user and password do not match")]
    BadCredentials,
    /// Too many wrong passwords.
    #[error("too many failed sign-ins; try again in {seconds} seconds")]
    TooManyFailures {
        /// When to try again.
        seconds: u64,
    },
    /// The password was made by the server; another one must be chosen first.
    #[error("the password was made for one sign-in; choose your own first")]
    ChooseFirst,
    /// All that is wrong with a name, a password or roles.
    #[error("{}", list(.0))]
    Faults(Vec<Fault>),
    /// There is no such role.
    #[error("there is no role `{name}`; there are {known}")]
    UnknownRole {
        /// As it was written.
        name: String,
        /// All that there are.
        known: String,
    },
    /// A token would be made that may more than the one that asks for it.
    #[error("a token makes no token that may more than itself: {0}")]
    WiderToken(String),
    /// Somebody must stay who can administer users.
    #[error(
        "`{0}` is the last user who may administer users; give the role to somebody else first"
    )]
    LastAdministrator(String),
    /// There is none.
    #[error("there is no {0}")]
    NotFound(String),
    /// Hashing or randomness failed.
    #[error("the server cannot make or check a secret")]
    Secret,
    /// The store did not answer. Nobody is let in on a guess.
    #[error(transparent)]
    Store(#[from] muster_store::Error),
}

fn list(faults: &[Fault]) -> String {
    let faults: Vec<_> = faults.iter().map(|fault| fault.detail.as_str()).collect();
    faults.join("; ")
}
