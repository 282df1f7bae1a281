//! My API tokens, the audit trail.

use axum::extract::State;
use muster_plans::time::Span;
use muster_store::{AuditFilter, Token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dto::{Page, instant};
use super::{Answer, TheApp};
use crate::auth::NewToken;
use crate::http::{Code, Created, Json, PageQuery, Path, Problem, Query, Who};

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenDto {
    /// Its public id.
    id: String,
    /// What it is for.
    label: String,
    /// Roles that it may use; absent: all of its user's.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    /// When it was made.
    created_at: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// When it was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    /// The token itself: shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

fn dto(token: Token, shown: Option<String>) -> TokenDto {
    TokenDto {
        id: token.id,
        label: token.label,
        scopes: token.scopes,
        created_at: instant(token.created_at),
        expires_at: token.expires_at.map(instant),
        last_used: token.last_used.map(instant),
        token: shown,
    }
}

/// Makes an API token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewTokenRequest {
    /// What it is for.
    label: String,
    /// Roles that it may use of those that you have; left out: all of them.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// When it ends: `30d`, `12h`; left out: it does not.
    #[serde(default)]
    lasts: Option<String>,
}

/// Your API tokens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", responses((status = 200, body = Page<TokenDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    who: Who,
    Query(page): Query<PageQuery>,
) -> Answer<Page<TokenDto>> {
    let mut tokens = app.store.tokens().list(Some(&who.principal.user)).await?;
    tokens.retain(|token| token.is_live(app.now()));
    let tokens = tokens.into_iter().map(|token| dto(token, None)).collect();
    Ok(Json(super::page_of(tokens, &page)?))
}

/// Makes an API token. The answer is the only place where it is ever shown. Who asks with a token gets
/// none that may more or lasts longer than that one.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = NewTokenRequest,
    responses((status = 201, body = TokenDto), (status = 403, description = "it may more than the token that asks")))]
pub(crate) async fn create(
    State(app): TheApp,
    who: Who,
    Json(request): Json<NewTokenRequest>,
) -> Result<Created<TokenDto>, Problem> {
    let lasts = request.lasts.as_deref().map(str::parse::<Span>).transpose();
    let lasts = lasts.map_err(|error| Problem::new(Code::BadValue, error.to_string()))?;
    let new = NewToken {
        user: who.principal.user.clone(),
        label: request.label,
        scopes: request.scopes,
        expires_at: lasts.map(|lasts| app.now() + lasts),
    };
    let (token, shown) = app.auth.make_own_token(&who.principal, new).await?;
    let detail = serde_json::json!({"id": token.id, "label": token.label});
    let object = format!("token/{}", token.id);
    let entry = who.asker().audit(app.now(), "token.create", object, detail);
    app.store.audit().append(vec![entry]).await?;
    let location = format!("/api/v1/tokens/{}", token.id);
    Ok(Created { location, body: dto(token, Some(shown)) })
}

/// Ends one of your API tokens at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "access", params(("id" = String, Path)),
    responses((status = 200, body = Object)))]
pub(crate) async fn revoke(
    State(app): TheApp,
    who: Who,
    Path(id): Path<String>,
) -> Answer<serde_json::Value> {
    app.auth.revoke_token(&who.principal, &id).await?;
    let detail = serde_json::json!({"id": id});
    let entry = who.asker().audit(app.now(), "token.revoke", format!("token/{id}"), detail);
    app.store.audit().append(vec![entry]).await?;
    Ok(Json(serde_json::json!({"revoked": id})))
}

/// The audit trail, newest first: who did what, hash-chained.
#[utoipa::path(get, path = "/api/v1/audit", tag = "access", responses((status = 200, body = Object)))]
pub(crate) async fn audit(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<serde_json::Value>> {
    let before = page.place()?;
    let rows = app.store.audit().list(&AuditFilter::default(), before, page.limit() as u64).await?;
    let items = rows
        .items
        .iter()
        .map(|row| {
            serde_json::json!({
                "seq": row.seq,
                "at": instant(row.entry.at),
                "actor": row.entry.actor,
                "via": row.entry.via,
                "action": row.entry.action,
                "object": row.entry.object,
                "outcome": row.entry.outcome,
                "detail": row.entry.detail,
            })
        })
        .collect();
    Ok(Json(Page { items, next_cursor: rows.next.map(PageQuery::cursor_at) }))
}
