//! Sessions: made at sign-in, kept by the server, ended by signing out, by time or by an
//! administrator.

use std::net::IpAddr;

use muster_plans::time::Span;
use muster_store::{Session, User};

use super::principal::Bounds;
use super::role::Role;
use super::{Auth, AuthError, Principal, Via, secret};

/// A session ends when it was not used for this long.
const IDLE: Span = Span::mins(8 * 60);
/// And after this long in any case.
const ABSOLUTE: Span = Span::mins(24 * 60);
/// Its use is written down this often, so that reading pages does not write to the disk each time.
const TOUCH: Span = Span::mins(1);

/// Somebody has signed in.
pub struct SignedIn {
    /// Who.
    pub principal: Principal,
    /// The `Set-Cookie` header that carries the session.
    pub set_cookie: String,
}

/// The session's id does not reach logs.
impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("principal", &self.principal).finish_non_exhaustive()
    }
}

impl Auth {
    /// Signs in with a password. `old` is the session that the browser had: it ends here, so that
    /// nobody can plant one and wait.
    ///
    /// # Errors
    /// [`AuthError::BadCredentials`] and [`AuthError::TooManyFailures`], or where the store does not
    /// answer.
    pub async fn sign_in(
        &self,
        user: &str,
        password: &str,
        address: IpAddr,
        old: Option<&str>,
    ) -> Result<SignedIn, AuthError> {
        let known = self.check_password(user, password, address).await?;
        if let Some(old) = old {
            self.store().sessions().delete(&secret::digest(old)).await?;
        }
        self.start_session(&known, address).await
    }

    /// The enabled user with this password, as often as somebody may guess.
    pub(super) async fn check_password(
        &self,
        user: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<User, AuthError> {
        let now = self.now();
        if let Some(wait) = self.0.failures.wait(user, address, now) {
            return Err(AuthError::TooManyFailures { seconds: wait.0.div_ceil(1000).max(1) });
        }
        let known = self.store().users().get(user).await?.filter(|user| !user.disabled);
        let hash = known.as_ref().and_then(|user| user.password_hash.clone());
        let right = self.verify(password.to_owned(), hash).await?;
        let Some(known) = known.filter(|_| right) else {
            self.0.failures.failed(user, address, now);
            return Err(AuthError::BadCredentials);
        };
        self.0.failures.succeeded(user, address);
        Ok(known)
    }

    async fn start_session(&self, user: &User, address: IpAddr) -> Result<SignedIn, AuthError> {
        let now = self.now();
        let id = secret::long()?;
        let session = Session {
            digest: secret::digest(&id),
            user: user.name.clone(),
            created_at: now,
            last_seen: now,
            idle_expires_at: now + IDLE,
            expires_at: now + ABSOLUTE,
            address: Some(address.to_string()),
        };
        self.store().sessions().create(&session).await?;
        let set_cookie = self.set_cookie(&id, ABSOLUTE);
        Ok(SignedIn { principal: principal(user, Via::Session(session.digest)), set_cookie })
    }

    /// Who a session's cookie belongs to; `None`: nobody any more.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn by_session(&self, id: &str) -> Result<Option<Principal>, AuthError> {
        self.by_session_digest(&secret::digest(id)).await
    }

    async fn by_session_digest(&self, digest: &str) -> Result<Option<Principal>, AuthError> {
        let now = self.now();
        let session = self.store().sessions().find(digest).await?;
        let Some(session) = session.filter(|session| session.is_live(now)) else {
            return Ok(None);
        };
        let user = self.store().users().get(&session.user).await?;
        let Some(user) = user.filter(|user| !user.disabled) else { return Ok(None) };
        if now.since(session.last_seen) >= TOUCH {
            self.store().sessions().touch(digest, now, now + IDLE).await?;
        }
        Ok(Some(principal(&user, Via::Session(session.digest))))
    }

    /// Whether somebody who came in earlier would still be let in: streams ask now and then.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn still(&self, who: &Principal) -> Result<Option<Principal>, AuthError> {
        match &who.via {
            Via::Session(digest) => self.by_session_digest(digest).await,
            Via::Token(id) => self.by_token_id(id).await,
        }
    }

    /// Ends the session somebody came in with; answers the `Set-Cookie` header that takes it away.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn sign_out(&self, who: &Principal) -> Result<String, AuthError> {
        if let Via::Session(digest) = &who.via {
            self.store().sessions().delete(digest).await?;
        }
        Ok(self.set_cookie("", Span::ZERO))
    }

    /// Sessions of a user that still count, newest first.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn sessions_of(&self, user: &str) -> Result<Vec<Session>, AuthError> {
        let mut sessions = self.store().sessions().of_user(user).await?;
        sessions.retain(|session| session.is_live(self.now()));
        Ok(sessions)
    }

    /// Ends one session of a user, by the id under which people see it.
    ///
    /// # Errors
    /// [`AuthError::NotFound`] where the user has none with this id.
    pub async fn end_session(&self, user: &str, id: &str) -> Result<(), AuthError> {
        let sessions = self.sessions_of(user).await?;
        let session = sessions.iter().find(|session| session_id(session) == id);
        let session =
            session.ok_or_else(|| AuthError::NotFound(format!("session `{id}` of `{user}`")))?;
        Ok(self.store().sessions().delete(&session.digest).await?)
    }

    /// Removes sessions that have ended by time; the server does so now and then.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn purge(&self) -> Result<u64, AuthError> {
        Ok(self.store().sessions().purge(self.now()).await?)
    }

    /// With `__Host-` a browser takes the cookie by HTTPS only, for this host only, and refuses one
    /// that a neighbouring host wants to plant. By plain HTTP, which is for trying Muster out on one's
    /// own machine, browsers refuse the prefix.
    fn cookie_name(&self) -> &'static str {
        if self.https() { "__Host-muster" } else { "muster" }
    }

    fn set_cookie(&self, value: &str, age: Span) -> String {
        let name = self.cookie_name();
        let secure = if self.https() { "; Secure" } else { "" };
        let age = age.0 / 1000;
        format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}")
    }

    /// The session's id in a `Cookie` header.
    pub fn session_in<'a>(&self, cookies: &'a str) -> Option<&'a str> {
        read_cookie(cookies, self.cookie_name())
    }
}

/// Under what people see a session: enough of its digest to tell one user's sessions apart. Nobody
/// can sign in with it.
pub fn session_id(session: &Session) -> &str {
    session.digest.get(..16).unwrap_or(&session.digest)
}

/// The value of a cookie in a `Cookie` header.
pub fn read_cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = cookies.split(';').filter_map(|one| one.trim().split_once('='));
    pairs.find(|(one, _)| *one == name).map(|(_, value)| value)
}

pub(super) fn principal(user: &User, via: Via) -> Principal {
    Principal {
        user: user.name.clone(),
        roles: user.roles.clone(),
        privileges: Role::together(&user.roles),
        via,
        one_time: user.one_time,
        bounds: Bounds::default(),
    }
}
