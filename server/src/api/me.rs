//! Whoever asks: who they are, their password, their sessions.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};

use super::dto::{ChangePassword, MeDto, Page, SessionDto};
use super::{Answer, TheApp, page_of};
use crate::app::App;
use crate::auth::{Principal, Via};
use crate::http::{Json, PageQuery, Path, Query, Who};
use crate::ops;

fn me(who: &Principal, must_change_password: bool) -> MeDto {
    MeDto {
        user: who.user.clone(),
        roles: who.roles.clone(),
        privileges: who.privileges.iter().map(|one| one.to_string()).collect(),
        via: who.via.to_string(),
        must_change_password,
    }
}

/// Who I am, and what I may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "access", responses((status = 200, body = MeDto)))]
pub(crate) async fn show(who: Who) -> Json<MeDto> {
    Json(me(&who.principal, who.principal.one_time))
}

/// Changes my password. My other sessions end; API tokens go on. Wrong old passwords count like failed
/// sign-ins.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "access", request_body = ChangePassword,
    responses((status = 200, body = MeDto), (status = 401, description = "the old one is wrong"),
        (status = 422, description = "all that speaks against the new one"),
        (status = 429, description = "too many wrong ones")))]
pub(crate) async fn password(
    State(app): TheApp,
    who: Who,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Json(request): Json<ChangePassword>,
) -> Answer<MeDto> {
    let person = (&who.principal, &who.asker);
    let user =
        ops::change_password(&app, person, (&request.old, &request.new), address.ip()).await?;
    Ok(Json(me(&who.principal, user.one_time)))
}

/// My sessions, newest first.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "access",
    responses((status = 200, body = Page<SessionDto>)))]
pub(crate) async fn sessions(
    State(app): TheApp,
    who: Who,
    Query(page): Query<PageQuery>,
) -> Answer<Page<SessionDto>> {
    sessions_of(&app, &who, &who.principal.user, &page).await
}

/// A page of somebody's sessions.
pub(super) async fn sessions_of(
    app: &App,
    who: &Who,
    user: &str,
    page: &PageQuery,
) -> Answer<Page<SessionDto>> {
    let sessions = app.auth.sessions_of(user).await?;
    let current = match &who.principal.via {
        Via::Session(digest) => Some(digest.as_str()),
        Via::Token(_) => None,
    };
    let sessions = sessions.iter().map(|one| SessionDto::of(one, current)).collect();
    Ok(Json(page_of(sessions, page)?))
}

/// Ends one of my sessions at once.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "access",
    params(("id" = String, Path)), responses((status = 200, body = Object)))]
pub(crate) async fn end_session(
    State(app): TheApp,
    who: Who,
    Path(id): Path<String>,
) -> Answer<serde_json::Value> {
    ops::end_session(&app, &who.asker(), &who.principal.user, &id).await?;
    Ok(Json(serde_json::json!({"ended": id})))
}
