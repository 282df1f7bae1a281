//! Users: the first one, and changes.
//!
//! Whoever changes a user hands in what was read, so that a change is meant for what is there, and
//! the lines of the audit trail, which are written with the change or not at all.

use std::net::IpAddr;

use muster_store::{Along, AuditEntry, EndSessions, User};

use super::fault;
use super::role::Role;
use super::{Auth, AuthError, Principal, Privilege, Via, secret};

/// Name of the first user.
const FIRST: &str = "admin";
/// Characters of a one-time password; five random bits each.
const ONE_TIME: usize = 20;

/// The user that the first start made.
#[derive(Clone)]
pub struct FirstUser {
    /// Its name.
    pub name: String,
    /// Its password. Shown once; it counts until it is changed.
    pub password: String,
}

impl std::fmt::Debug for FirstUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstUser").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Auth {
    /// It configures and runs, because there is nobody else yet.
    pub(super) async fn make_first_user(&self) -> Result<Option<FirstUser>, AuthError> {
        if self.store().users().count().await? > 0 {
            return Ok(None);
        }
        let roles = [Role::Administrator, Role::RecoveryAdmin].map(|role| role.to_string());
        match self.make_user(FIRST, &roles, Vec::new()).await {
            Ok((user, password)) => Ok(Some(FirstUser { name: user.name, password })),
            // Another server on the same database was faster.
            Err(AuthError::Store(muster_store::Error::Exists(_))) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The password that the first start printed stays: a demonstration is signed in to by everybody
    /// who looks at it.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn keep_first_password(&self) -> Result<(), AuthError> {
        match self.store().users().get(FIRST).await? {
            Some(user) if user.one_time => {
                self.save(User { one_time: false, ..user }, Along::default()).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    async fn make_user(
        &self,
        name: &str,
        roles: &[String],
        audit: Vec<AuditEntry>,
    ) -> Result<(User, String), AuthError> {
        let password = secret::typed(ONE_TIME)?;
        let now = self.now();
        let user = User {
            name: name.to_owned(),
            password_hash: Some(self.hash(password.clone()).await?),
            one_time: true,
            roles: roles.to_vec(),
            disabled: false,
            created_at: now,
            changed_at: now,
            version: 1,
        };
        self.store().users().create(&user, audit).await?;
        Ok((user, password))
    }

    /// Makes a user with a one-time password, which is returned here and nowhere else.
    ///
    /// # Errors
    /// [`AuthError::Faults`] with all that is wrong with name and roles, or where the name is taken.
    pub async fn create_user(
        &self,
        name: &str,
        roles: &[String],
        audit: Vec<AuditEntry>,
    ) -> Result<(User, String), AuthError> {
        none(fault::of_user(name, roles))?;
        self.make_user(name, roles, audit).await
    }

    /// A user.
    ///
    /// # Errors
    /// [`AuthError::NotFound`] where there is none with this name.
    pub async fn user(&self, name: &str) -> Result<User, AuthError> {
        let user = self.store().users().get(name).await?;
        user.ok_or_else(|| AuthError::NotFound(format!("user `{name}`")))
    }

    /// Somebody changes their own password. All their other sessions end, so that whoever knew the
    /// old one is out; API tokens go on.
    ///
    /// # Errors
    /// [`AuthError::Faults`] with all that speaks against the new one, as fields `/new`;
    /// [`AuthError::BadCredentials`] and [`AuthError::TooManyFailures`] as at sign-in.
    pub async fn change_password(
        &self,
        who: &Principal,
        (old, new): (&str, &str),
        address: IpAddr,
        audit: Vec<AuditEntry>,
    ) -> Result<User, AuthError> {
        none(fault::of_password("/new", &who.user, old, new))?;
        let user = self.check_password(&who.user, old, address).await?;
        let sessions = match &who.via {
            Via::Session(digest) => EndSessions::AllBut(digest.clone()),
            Via::Token(_) => EndSessions::All,
        };
        self.choose(user, new, Along { sessions, audit, ..Along::default() }).await
    }

    /// The user who knows this password. A one-time password must be replaced by `new` on the way;
    /// `audit` is about that, and all sessions end with it.
    ///
    /// # Errors
    /// As [`Auth::change_password`], with fields `/newPassword`; [`AuthError::ChooseFirst`] where a
    /// new one is needed.
    pub async fn by_password(
        &self,
        user: &str,
        (old, new): (&str, Option<&str>),
        address: IpAddr,
        audit: Vec<AuditEntry>,
    ) -> Result<User, AuthError> {
        if let Some(new) = new {
            none(fault::of_password("/newPassword", user, old, new))?;
        }
        let known = self.check_password(user, old, address).await?;
        match new {
            Some(new) => {
                let along = Along { sessions: EndSessions::All, audit, ..Along::default() };
                self.choose(known, new, along).await
            }
            None if known.one_time => Err(AuthError::ChooseFirst),
            None => Ok(known),
        }
    }

    async fn choose(&self, user: User, new: &str, along: Along) -> Result<User, AuthError> {
        let password_hash = Some(self.hash(new.to_owned()).await?);
        self.save(User { password_hash, one_time: false, ..user }, along).await
    }

    /// An administrator gives a user a new one-time password; all their sessions end.
    ///
    /// # Errors
    /// Where the user was changed in the meantime.
    pub async fn reset_password(
        &self,
        user: User,
        audit: Vec<AuditEntry>,
    ) -> Result<(User, String), AuthError> {
        let password = secret::typed(ONE_TIME)?;
        let password_hash = Some(self.hash(password.clone()).await?);
        let along = Along { sessions: EndSessions::All, audit, ..Along::default() };
        let user = self.save(User { password_hash, one_time: true, ..user }, along).await?;
        Ok((user, password))
    }

    /// Gives a user other roles, from the next request on.
    ///
    /// # Errors
    /// [`AuthError::Faults`] with all that is wrong with them, [`AuthError::LastAdministrator`] where
    /// nobody would be left who may administer users.
    pub async fn set_roles(
        &self,
        user: User,
        roles: &[String],
        audit: Vec<AuditEntry>,
    ) -> Result<User, AuthError> {
        none(fault::of_roles(roles))?;
        let along = Along { must_stay: Some(administers), audit, ..Along::default() };
        self.save(User { roles: roles.to_vec(), ..user }, along).await
    }

    /// Lets a user in no longer, or again. Sessions end; tokens count again when the user does.
    ///
    /// # Errors
    /// [`AuthError::LastAdministrator`] where nobody would be left who may administer users.
    pub async fn set_disabled(
        &self,
        user: User,
        disabled: bool,
        audit: Vec<AuditEntry>,
    ) -> Result<User, AuthError> {
        let sessions = if disabled { EndSessions::All } else { EndSessions::None };
        let along = Along { sessions, must_stay: Some(administers), revoke: None, audit };
        self.save(User { disabled, ..user }, along).await
    }

    /// Takes a user away for good, and keeps the name: disabled, without password, sessions and
    /// tokens.
    ///
    /// # Errors
    /// As [`Auth::set_disabled`].
    pub async fn retire_user(&self, user: User, audit: Vec<AuditEntry>) -> Result<User, AuthError> {
        let along = Along {
            sessions: EndSessions::All,
            must_stay: Some(administers),
            revoke: Some(self.now()),
            audit,
        };
        self.save(User { disabled: true, password_hash: None, ..user }, along).await
    }

    /// Removes a user who has done nothing yet, with sessions and tokens; the name is free again.
    ///
    /// # Errors
    /// As [`Auth::set_disabled`].
    pub async fn remove_user(&self, user: &User, audit: Vec<AuditEntry>) -> Result<(), AuthError> {
        let along = Along { must_stay: Some(administers), audit, ..Along::default() };
        let removed = self.store().users().remove(user, along).await;
        removed.map_err(|error| last(error, &user.name))
    }

    async fn save(&self, mut user: User, along: Along) -> Result<User, AuthError> {
        user.changed_at = self.now();
        let saved = self.store().users().update(&user, along).await;
        user.version = saved.map_err(|error| last(error, &user.name))?;
        Ok(user)
    }
}

fn administers(user: &User) -> bool {
    !user.disabled && Role::together(&user.roles).has(Privilege::UserAdmin)
}

fn last(error: muster_store::Error, name: &str) -> AuthError {
    match error {
        muster_store::Error::NobodyLeft(_) => AuthError::LastAdministrator(name.to_owned()),
        error => error.into(),
    }
}

fn none(faults: Vec<fault::Fault>) -> Result<(), AuthError> {
    if faults.is_empty() { Ok(()) } else { Err(AuthError::Faults(faults)) }
}
