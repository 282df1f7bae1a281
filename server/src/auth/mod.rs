//! Who somebody is, and what they may do.
//!
//! Users sign in with a password and get a session that lives in the database; programs show an API
//! token. Both end in one [`Principal`]. What was granted is read anew for each request, so that a
//! right that was taken away is gone at once. Nothing here can be switched off, and there is no
//! secret that two installations share.

mod account;
mod error;
mod fault;
mod limit;
mod password;
mod principal;
mod privilege;
mod role;
mod secret;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod token;

use std::fmt;
use std::sync::Arc;

use muster_engine::Clock;
use muster_plans::time::Time;
use muster_store::Store;
use tokio::sync::Semaphore;

pub use account::FirstUser;
pub use error::AuthError;
pub use fault::{Fault, MIN_PASSWORD};
pub use principal::{Principal, Via};
pub use privilege::{Privilege, Privileges};
pub use role::Role;
pub use session::{SignedIn, read_cookie, session_id};
pub use token::NewToken;

use limit::Limiter;

/// Users, sessions and tokens of a server. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    /// The server is reached by HTTPS, so that cookies are never sent without it.
    https: bool,
    /// Hashing a password takes memory and a core on purpose: only so many at once.
    hashing: Arc<Semaphore>,
    failures: Limiter,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("https", &self.0.https).finish_non_exhaustive()
    }
}

impl Auth {
    /// Over a store. Where there is no user yet, makes the first one, `admin`, with a password that
    /// is returned here and nowhere else. `url` is how browsers reach the server.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        url: &str,
    ) -> Result<(Auth, Option<FirstUser>), AuthError> {
        let auth = Auth(Arc::new(Inner {
            store,
            clock,
            https: url.starts_with("https://"),
            hashing: Arc::new(Semaphore::new(2)),
            failures: Limiter::default(),
        }));
        let first = auth.make_first_user().await?;
        Ok((auth, first))
    }

    /// Whether browsers reach the server by HTTPS.
    pub fn https(&self) -> bool {
        self.0.https
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn now(&self) -> Time {
        self.0.clock.now()
    }
}
