//! Users: the first one, and changes.

use muster_store::User;

use super::password::check_rules;
use super::role::Role;
use super::{Auth, AuthError, Principal, Privilege, secret};

/// Name of the first user.
const FIRST: &str = "admin";

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
        let password = secret::typed(20)?;
        let roles = [Role::Administrator, Role::RecoveryAdmin];
        let user = self.new_user(FIRST, &password, &roles, true).await?;
        match self.store().users().create(&user).await {
            Ok(()) => Ok(Some(FirstUser { name: user.name, password })),
            // Another server on the same database was faster.
            Err(muster_store::Error::Exists(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn new_user(
        &self,
        name: &str,
        password: &str,
        roles: &[Role],
        one_time: bool,
    ) -> Result<User, AuthError> {
        let now = self.now();
        Ok(User {
            name: name.to_owned(),
            password_hash: Some(self.hash(password.to_owned()).await?),
            one_time,
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            disabled: false,
            created_at: now,
            changed_at: now,
            version: 1,
        })
    }

    /// Makes a user with a one-time password, which is returned here and nowhere else.
    ///
    /// # Errors
    /// Where the name cannot be one or is taken.
    pub async fn create_user(&self, name: &str, roles: &[Role]) -> Result<String, AuthError> {
        if !is_name(name) {
            return Err(AuthError::BadName(name.to_owned()));
        }
        let password = secret::typed(20)?;
        let user = self.new_user(name, &password, roles, true).await?;
        self.store().users().create(&user).await?;
        Ok(password)
    }

    /// Somebody changes their own password. All their sessions end, so that whoever knew the old one
    /// is out.
    ///
    /// # Errors
    /// [`AuthError::BadCredentials`] where the old one is wrong, [`AuthError::BadPassword`] where the
    /// new one is too short.
    pub async fn change_password(
        &self,
        who: &Principal,
        old: &str,
        new: &str,
    ) -> Result<(), AuthError> {
        check_rules(new)?;
        let mut user = self.user(&who.user).await?;
        if !self.verify(old.to_owned(), user.password_hash.clone()).await? {
            return Err(AuthError::BadCredentials);
        }
        user.password_hash = Some(self.hash(new.to_owned()).await?);
        user.one_time = false;
        self.save(user, true).await
    }

    /// An administrator gives a user a new one-time password; all their sessions end.
    ///
    /// # Errors
    /// Where there is no such user.
    pub async fn reset_password(&self, name: &str) -> Result<String, AuthError> {
        let password = secret::typed(20)?;
        let mut user = self.user(name).await?;
        user.password_hash = Some(self.hash(password.clone()).await?);
        user.one_time = true;
        self.save(user, true).await?;
        Ok(password)
    }

    /// Gives a user other roles, from the next request on.
    ///
    /// # Errors
    /// [`AuthError::LastAdministrator`] where nobody would be left who may administer users.
    pub async fn set_roles(&self, name: &str, roles: &[Role]) -> Result<(), AuthError> {
        let mut user = self.user(name).await?;
        user.roles = roles.iter().map(|role| role.as_str().to_owned()).collect();
        self.check_an_administrator_stays(&user).await?;
        self.save(user, false).await
    }

    /// Lets a user in no longer, or again. Sessions end; tokens count again when the user does.
    ///
    /// # Errors
    /// [`AuthError::LastAdministrator`] where nobody would be left who may administer users.
    pub async fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), AuthError> {
        let mut user = self.user(name).await?;
        user.disabled = disabled;
        self.check_an_administrator_stays(&user).await?;
        self.save(user, disabled).await
    }

    async fn user(&self, name: &str) -> Result<User, AuthError> {
        let user = self.store().users().get(name).await?;
        user.ok_or_else(|| AuthError::NotFound(format!("user `{name}`")))
    }

    async fn save(&self, mut user: User, end_sessions: bool) -> Result<(), AuthError> {
        user.changed_at = self.now();
        self.store().users().update(&user).await?;
        if end_sessions {
            self.store().sessions().delete_of_user(&user.name).await?;
        }
        Ok(())
    }

    async fn check_an_administrator_stays(&self, changed: &User) -> Result<(), AuthError> {
        let administers =
            |user: &User| !user.disabled && Role::together(&user.roles).has(Privilege::UserAdmin);
        let users = self.store().users().all().await?;
        let others = users.iter().any(|user| user.name != changed.name && administers(user));
        if others || administers(changed) {
            return Ok(());
        }
        Err(AuthError::LastAdministrator(changed.name.clone()))
    }
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    first && name.len() <= 64 && name.bytes().all(rest)
}
