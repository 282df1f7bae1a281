//! The server itself: its state, and the end of a hold.

use axum::extract::State;

use super::dto::{ReleaseRequest, ReleasedDto, ServerDto};
use super::{Answer, TheApp};
use crate::http::{Json, Who};
use crate::ops;

/// The server: version, incarnation, and whether it holds.
#[utoipa::path(get, path = "/api/v1/server", tag = "server", responses((status = 200, body = ServerDto)))]
pub(crate) async fn show(State(app): TheApp) -> Answer<ServerDto> {
    Ok(Json(ops::server_state(&app).await?))
}

/// Lets the server go on after its database was restored.
#[utoipa::path(post, path = "/api/v1/server/hold/release", tag = "server",
    request_body = ReleaseRequest,
    responses((status = 200, body = ReleasedDto), (status = 409, description = "it does not hold")))]
pub(crate) async fn release(
    State(app): TheApp,
    who: Who,
    Json(request): Json<ReleaseRequest>,
) -> Answer<ReleasedDto> {
    Ok(Json(ops::release_hold(&app, &who.asker(), &request).await?))
}
