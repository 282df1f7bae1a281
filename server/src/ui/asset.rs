//! Static files.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::{Code, Path, Problem};

/// A static file; for good where its name carries its hash.
pub(super) async fn show(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = muster_web::asset(&path) else {
        return Problem::new(Code::NotFound, format!("there is no file {path}")).into_response();
    };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known == Some(asset.etag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let cache = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type.to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, asset.etag),
    ];
    (headers, asset.bytes.into_owned()).into_response()
}
