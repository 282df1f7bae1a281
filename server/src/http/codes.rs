//! The pages of the codes, where the `type` of a problem report points.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Code, Json, Path, Problem};

#[derive(Serialize)]
struct Line {
    code: Code,
    status: u16,
    title: &'static str,
}

/// All codes of problem reports.
pub async fn list_codes() -> Response {
    let line =
        |code: &Code| Line { code: *code, status: code.status().as_u16(), title: code.title() };
    Json(Code::ALL.iter().map(line).collect::<Vec<_>>()).into_response()
}

/// What a code means and what to do, in Markdown.
///
/// # Errors
/// Where there is no such code.
pub async fn show_code(Path(code): Path<String>) -> Result<Response, Problem> {
    let code = Code::find(&code)
        .ok_or_else(|| Problem::new(Code::NotFound, format!("there is no code `{code}`")))?;
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], code.page()).into_response())
}
