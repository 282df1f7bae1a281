//! Why somebody was not let in.

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
    /// The password is too short or too long.
    #[error("a password has from {min} to {max} characters")]
    BadPassword {
        /// At least.
        min: usize,
        /// At most.
        max: usize,
    },
    /// A name that cannot be a user's.
    #[error(
        "`{0}` cannot be a user's name: letters, digits and `. _ - @`, at most 64, beginning with a letter or digit"
    )]
    BadName(String),
    /// There is no such role.
    #[error("there is no role `{name}`; there are {known}")]
    UnknownRole {
        /// As it was written.
        name: String,
        /// All that there are.
        known: String,
    },
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
