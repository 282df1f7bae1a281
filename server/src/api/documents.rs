//! Documents: export, apply, one by one.

use axum::extract::State;
use muster_plans::document::{self, Kind};
use muster_plans::export;

use super::dto::{ApplyRequest, ApplyResult, DocumentDto, Page};
use super::{Answer, TheApp, page_of};
use crate::http::{Code, ETag, IfMatch, Json, PageQuery, Path, Problem, Query, Who, Yaml};
use crate::ops;
use crate::view::word;

/// All documents.
#[utoipa::path(get, path = "/api/v1/documents", tag = "documents", responses((status = 200, body = Page<DocumentDto>)))]
pub(crate) async fn list(
    State(app): TheApp,
    Query(page): Query<PageQuery>,
) -> Answer<Page<DocumentDto>> {
    let (_, stored) = app.store.documents().all().await?;
    Ok(Json(page_of(stored.into_iter().map(dto).collect(), &page)?))
}

/// All documents as YAML, byte for byte the same while nothing changes.
#[utoipa::path(get, path = "/api/v1/export", tag = "documents",
    responses((status = 200, body = String, content_type = "application/yaml")))]
pub(crate) async fn yaml(State(app): TheApp) -> Result<Yaml, Problem> {
    let (_, documents) = ops::documents_of(&app).await?;
    Ok(Yaml(export::to_yaml(&documents)))
}

/// One document, with its version as ETag.
#[utoipa::path(get, path = "/api/v1/documents/{kind}/{name}", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = DocumentDto)))]
pub(crate) async fn show(
    State(app): TheApp,
    Path((kind, name)): Path<(Kind, String)>,
) -> Result<(ETag, Json<DocumentDto>), Problem> {
    let document = app.store.documents().get(kind, &name).await?.ok_or_else(|| {
        Problem::new(Code::NotFound, format!("there is no {} `{name}`", word(&kind)))
    })?;
    Ok((ETag(document.version), Json(dto(document))))
}

/// Replaces one document; needs `If-Match` with the version that was read, `0` for a new one.
#[utoipa::path(put, path = "/api/v1/documents/{kind}/{name}", tag = "documents",
    params(("kind" = String, Path), ("name" = String, Path)), request_body = Object,
    responses((status = 200, body = ApplyResult)))]
pub(crate) async fn put(
    State(app): TheApp,
    who: Who,
    Path((kind, name)): Path<(Kind, String)>,
    if_match: IfMatch,
    Json(body): Json<serde_json::Value>,
) -> Answer<ApplyResult> {
    let stored = app.store.documents().get(kind, &name).await?;
    if_match.check(stored.map_or(0, |stored| stored.version))?;
    let document = document::from_json(body).map_err(ops::bad_documents)?;
    if document.kind() != kind || document.metadata.name != name {
        return Err(Problem::new(
            Code::BadValue,
            format!("the document is not {} `{name}`", word(&kind)),
        ));
    }
    Ok(Json(ops::put_documents(&app, &who.asker(), vec![document], None).await?))
}

/// Brings YAML documents in: all of them or none.
#[utoipa::path(post, path = "/api/v1/apply", tag = "documents", request_body = ApplyRequest,
    responses((status = 200, body = ApplyResult)))]
pub(crate) async fn apply(
    State(app): TheApp,
    who: Who,
    Json(request): Json<ApplyRequest>,
) -> Answer<ApplyResult> {
    Ok(Json(ops::apply(&app, &who.asker(), &request).await?))
}

fn dto(stored: muster_store::StoredDocument) -> DocumentDto {
    DocumentDto {
        kind: word(&stored.kind),
        name: stored.name,
        version: stored.version,
        digest: stored.digest,
        document: serde_json::from_str(&stored.json).unwrap_or_default(),
    }
}
