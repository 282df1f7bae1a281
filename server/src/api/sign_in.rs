//! Signing a program in: a password for an API token.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use muster_plans::time::Span;

use super::TheApp;
use super::dto::{SignInRequest, SignedInDto, instant};
use crate::http::{Code, Created, Json, Problem, RequestId};
use crate::ops::{self, Asker};

/// How long a token lasts where nobody says otherwise.
const LASTS: Span = Span::mins(12 * 60);
/// What it is for where nobody says so.
const LABEL: &str = "signed in with a password";

/// Gives a token to who knows a user's password. A one-time password is replaced by `newPassword` in
/// the same request; all sessions of the user end with it.
#[utoipa::path(post, path = "/api/v1/sign-in", tag = "access", request_body = SignInRequest,
    responses((status = 201, body = SignedInDto), (status = 401, description = "they do not match"),
        (status = 403, description = "a one-time password must be replaced"),
        (status = 422, description = "all that speaks against the new one"),
        (status = 429, description = "too many wrong ones")))]
pub(crate) async fn sign_in(
    State(app): TheApp,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    RequestId(id): RequestId,
    Json(request): Json<SignInRequest>,
) -> Result<Created<SignedInDto>, Problem> {
    let lasts = request.lasts.as_deref().map(str::parse::<Span>).transpose();
    let lasts = lasts.map_err(|error| Problem::new(Code::BadValue, error.to_string()))?;
    let asker = Asker {
        by: request.user,
        via: "password".to_owned(),
        address: Some(address.ip().to_string()),
        request_id: Some(id),
        ..Asker::default()
    };
    let passwords = (request.password.as_str(), request.new_password.as_deref());
    let token = (request.label.unwrap_or_else(|| LABEL.to_owned()), lasts.unwrap_or(LASTS));
    let (token, text) = ops::sign_in_program(&app, &asker, passwords, address.ip(), token).await?;
    let expires_at = token.expires_at.map(instant).unwrap_or_default();
    let location = format!("/api/v1/tokens/{}", token.id);
    let body = SignedInDto { user: token.user, token: text, id: token.id, expires_at };
    Ok(Created { location, body })
}
