//! What everybody sees and says of their own account. What holds a secret has no `Debug`, so that
//! none is logged by accident.

use muster_store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::instant;
use crate::auth::session_id;

/// Whoever asks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeDto {
    /// The user's name.
    pub user: String,
    /// Their roles; of a token with scopes, those that it may use.
    pub roles: Vec<String>,
    /// What these allow.
    pub privileges: Vec<String>,
    /// `session` or `token ID`.
    pub via: String,
    /// The password was made by the server.
    pub must_change_password: bool,
}

/// Changes one's own password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The one that counts now.
    pub old: String,
    /// From 12 to 256 characters, without the user's name.
    pub new: String,
}

/// A session of a signed-in user.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionDto {
    /// By which it can be ended; nobody can sign in with it.
    pub id: String,
    /// It is the one that asks.
    pub current: bool,
    /// When the user signed in.
    pub created_at: String,
    /// When it was last used, to the minute.
    pub last_seen: String,
    /// When it ends in any case.
    pub expires_at: String,
    /// From where the user signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl SessionDto {
    /// Of a session, as the one with the digest `current` sees it.
    pub fn of(session: &Session, current: Option<&str>) -> SessionDto {
        SessionDto {
            id: session_id(session).to_owned(),
            current: current == Some(session.digest.as_str()),
            created_at: instant(session.created_at),
            last_seen: instant(session.last_seen),
            expires_at: instant(session.expires_at),
            address: session.address.clone(),
        }
    }
}

/// Signs a program in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInRequest {
    /// Name of the user.
    pub user: String,
    /// Their password.
    pub password: String,
    /// Replaces the password; needed where it is a one-time password.
    #[serde(default)]
    pub new_password: Option<String>,
    /// What the token is for.
    #[serde(default)]
    pub label: Option<String>,
    /// How long the token lasts: `30d`, `12h`; left out: twelve hours.
    #[serde(default)]
    pub lasts: Option<String>,
}

/// A program was signed in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedInDto {
    /// Name of the user.
    pub user: String,
    /// The API token. It is shown here and nowhere else.
    pub token: String,
    /// By which it can be revoked.
    pub id: String,
    /// When it ends.
    pub expires_at: String,
}
