//! Passwords: argon2id, off the runtime's threads, only a few at once.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::fault::MAX;
use super::{Auth, AuthError};

/// A hash of nothing anybody knows. A user who does not exist is checked against it, so that the
/// answer takes as long as for one who does.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$dGhpcyBpcyBub3QgdGhlIGhhc2ggb2YgYW55dGhpbmc";

impl Auth {
    /// Hashes a password.
    pub(super) async fn hash(&self, password: String) -> Result<String, AuthError> {
        let hash = move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|_| AuthError::Secret)
        };
        self.apart(hash).await?
    }

    /// Whether it is the password of the hash; never for a user without one.
    pub(super) async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, AuthError> {
        if password.chars().count() > MAX {
            return Ok(false);
        }
        let check = move || {
            let known = hash.is_some();
            let text = hash.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&text).map_err(|_| AuthError::Secret)?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known)
        };
        self.apart(check).await?
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let permit = self.0.hashing.clone().acquire_owned().await;
        let permit = permit.map_err(|_| AuthError::Secret)?;
        let work = move || {
            // Held until the hash is done, even where whoever asked has gone away.
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| AuthError::Secret)
    }
}
