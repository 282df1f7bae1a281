//! Users and roles, as who administers them sees them.

use muster_store::User;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::instant;

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserDto {
    /// Unique.
    pub name: String,
    /// Names of roles.
    pub roles: Vec<String>,
    /// Is not let in.
    pub disabled: bool,
    /// Has a one-time password, and must choose another before anything else.
    pub must_change_password: bool,
    /// When the user was made.
    pub created_at: String,
    /// When the user was last changed.
    pub changed_at: String,
    /// For `If-Match`; also the answer's `ETag`.
    pub version: u64,
}

impl From<User> for UserDto {
    fn from(user: User) -> UserDto {
        UserDto {
            name: user.name,
            roles: user.roles,
            disabled: user.disabled,
            must_change_password: user.one_time,
            created_at: instant(user.created_at),
            changed_at: instant(user.changed_at),
            version: user.version,
        }
    }
}

/// Makes a user.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// Letters, digits and `. _ - @`, at most 64, beginning with a letter or digit.
    pub name: String,
    /// Names of roles, at least one.
    pub roles: Vec<String>,
}

/// Replaces a user's roles.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetRoles {
    /// Names of roles, at least one.
    pub roles: Vec<String>,
}

/// A user with a new one-time password. It is shown here and nowhere else.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OneTimeDto {
    /// The user.
    pub user: UserDto,
    /// Good for choosing another one.
    pub password: String,
}

/// What became of a user who was to be deleted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoneDto {
    /// The name.
    pub name: String,
    /// `deleted`, or `disabled`.
    pub outcome: String,
    /// Why it was this.
    pub why: String,
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleDto {
    /// Its name.
    pub name: String,
    /// Names of the privileges that it gives.
    pub privileges: Vec<String>,
}
