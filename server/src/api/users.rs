//! Users, for who administers them.

use axum::extract::State;
use muster_store::User;

use super::dto::{GoneDto, NewUser, OneTimeDto, Page, SessionDto, SetRoles, UserDto};
use super::{Answer, TheApp, page_of};
use crate::app::App;
use crate::http::{Created, ETag, IfMatch, Json, PageQuery, Path, Problem, Query, Who};
use crate::ops::{self, Gone};

type Changed = Result<(ETag, Json<UserDto>), Problem>;

fn changed(user: User) -> Changed {
    Ok((ETag(user.version), Json(user.into())))
}

/// The user that a change is meant for.
async fn meant(app: &App, name: &str, if_match: &IfMatch) -> Result<User, Problem> {
    let user = app.auth.user(name).await?;
    if_match.check(user.version)?;
    Ok(user)
}

/// All users by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", responses((status = 200, body = Page<UserDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<UserDto>> {
    let users = app.store.users().all().await?;
    Ok(Json(page_of(users.into_iter().map(UserDto::from).collect(), &page)?))
}

/// One user, with their version as ETag.
#[utoipa::path(get, path = "/api/v1/users/{name}", tag = "users", params(("name" = String, Path)),
    responses((status = 200, body = UserDto)))]
pub(crate) async fn show(State(app): TheApp, Path(name): Path<String>) -> Changed {
    changed(app.auth.user(&name).await?)
}

/// Makes a user. The answer is the only place where the one-time password is ever shown.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = OneTimeDto), (status = 409, description = "the name is taken"),
        (status = 422, description = "all that is wrong with name and roles")))]
pub(crate) async fn create(
    State(app): TheApp,
    who: Who,
    Json(new): Json<NewUser>,
) -> Result<Created<OneTimeDto>, Problem> {
    let (user, password) = ops::create_user(&app, &who.asker(), &new.name, &new.roles).await?;
    let location = format!("/api/v1/users/{}", user.name);
    Ok(Created { location, body: OneTimeDto { user: user.into(), password } })
}

/// Gives a user other roles, from their next request on; needs `If-Match`.
#[utoipa::path(put, path = "/api/v1/users/{name}/roles", tag = "users", request_body = SetRoles,
    params(("name" = String, Path)),
    responses((status = 200, body = UserDto), (status = 409, description = "the last administrator"),
        (status = 412, description = "changed since it was read")))]
pub(crate) async fn roles(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    if_match: IfMatch,
    Json(wish): Json<SetRoles>,
) -> Changed {
    let user = meant(&app, &name, &if_match).await?;
    changed(ops::set_roles(&app, &who.asker(), user, &wish.roles).await?)
}

/// Lets a user in no longer, and ends their sessions; needs `If-Match`.
#[utoipa::path(post, path = "/api/v1/users/{name}/disable", tag = "users",
    params(("name" = String, Path)),
    responses((status = 200, body = UserDto), (status = 409, description = "the last administrator"),
        (status = 412, description = "changed since it was read")))]
pub(crate) async fn disable(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    if_match: IfMatch,
) -> Changed {
    let user = meant(&app, &name, &if_match).await?;
    changed(ops::set_disabled(&app, &who.asker(), user, true).await?)
}

/// Lets a user in again; needs `If-Match`.
#[utoipa::path(post, path = "/api/v1/users/{name}/enable", tag = "users",
    params(("name" = String, Path)),
    responses((status = 200, body = UserDto), (status = 412, description = "changed since it was read")))]
pub(crate) async fn enable(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    if_match: IfMatch,
) -> Changed {
    let user = meant(&app, &name, &if_match).await?;
    changed(ops::set_disabled(&app, &who.asker(), user, false).await?)
}

/// Gives a user a new one-time password, shown here and nowhere else, and ends their sessions.
#[utoipa::path(post, path = "/api/v1/users/{name}/reset-password", tag = "users",
    params(("name" = String, Path)), responses((status = 200, body = OneTimeDto)))]
pub(crate) async fn reset_password(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
) -> Answer<OneTimeDto> {
    let user = app.auth.user(&name).await?;
    let (user, password) = ops::reset_password(&app, &who.asker(), user).await?;
    Ok(Json(OneTimeDto { user: user.into(), password }))
}

/// Deletes a user who has done nothing yet. Whom the audit trail names is disabled for good instead:
/// without password, sessions and tokens. Needs `If-Match`.
#[utoipa::path(delete, path = "/api/v1/users/{name}", tag = "users", params(("name" = String, Path)),
    responses((status = 200, body = GoneDto), (status = 409, description = "the last administrator"),
        (status = 412, description = "changed since it was read")))]
pub(crate) async fn delete(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    if_match: IfMatch,
) -> Answer<GoneDto> {
    let user = meant(&app, &name, &if_match).await?;
    let (outcome, why) = match ops::delete_user(&app, &who.asker(), user).await? {
        Gone::Removed => ("deleted", "the audit trail names nothing that this user did"),
        Gone::Kept => (
            "disabled",
            "the audit trail names what this user did, so that nobody else may have the name; \
             password, sessions and tokens are gone",
        ),
    };
    Ok(Json(GoneDto { name, outcome: outcome.to_owned(), why: why.to_owned() }))
}

/// Sessions of a user that still count, newest first.
#[utoipa::path(get, path = "/api/v1/users/{name}/sessions", tag = "users",
    params(("name" = String, Path)), responses((status = 200, body = Page<SessionDto>)))]
pub(crate) async fn sessions(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Query(page): Query<PageQuery>,
) -> Answer<Page<SessionDto>> {
    let user = app.auth.user(&name).await?;
    super::me::sessions_of(&app, &who, &user.name, &page).await
}

/// Ends a session of a user at once.
#[utoipa::path(delete, path = "/api/v1/users/{name}/sessions/{id}", tag = "users",
    params(("name" = String, Path), ("id" = String, Path)), responses((status = 200, body = Object)))]
pub(crate) async fn end_session(
    State(app): TheApp,
    who: Who,
    Path((name, id)): Path<(String, String)>,
) -> Answer<serde_json::Value> {
    ops::end_session(&app, &who.asker(), &name, &id).await?;
    Ok(Json(serde_json::json!({"ended": id})))
}
