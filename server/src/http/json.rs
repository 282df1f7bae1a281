//! JSON bodies: read strictly, with every fault found and placed.
//!
//! A body is gone through once as it is written: how deep it is, whether a field stands twice, and
//! whether a text holds characters that no text has. (U+0000 is refused by PostgreSQL and cut off by
//! C; other control characters forge log lines.) Then it is read into its type, where a field that
//! nobody knows is an error, not something to be skipped: a client that asks for more than it may
//! must not believe that it got it.

mod scan;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Code, FieldError, Problem};

/// A JSON body, coming in or going out.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::WrongMediaType, "the body is not declared as JSON")
                .help("send Content-Type: application/json"));
        }
        let body =
            Bytes::from_request(request, state).await.map_err(|error| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                _ => Problem::new(Code::BadJson, "the body ended too early"),
            })?;
        read(&body).map(Json)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let json = HeaderValue::from_static("application/json");
                ([(CONTENT_TYPE, json)], body).into_response()
            }
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

pub(super) fn too_large() -> Problem {
    Problem::new(Code::TooLarge, "the body is larger than this server reads")
        .help("send less at once")
}

fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = declared.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media = media.to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

/// Reads a body into a type.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let faults = scan::scan(body).map_err(|error| no_json(&error))?;
    if !faults.is_empty() {
        return Err(wrong(faults));
    }
    let mut unknown = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    // An answer does not grow with what somebody made up.
    let value = serde_ignored::deserialize(tracked, |path| {
        if unknown.len() < scan::FAULTS {
            unknown.push(ignored_pointer(&path));
        }
    });
    let value: T = value.map_err(|error| wrong(vec![fault(&error, &pointer(&track.path()))]))?;
    if unknown.is_empty() {
        return Ok(value);
    }
    Err(wrong(unknown.into_iter().map(unknown_field).collect()))
}

fn no_json(error: &serde_json::Error) -> Problem {
    Problem::new(Code::BadJson, error.to_string()).errors(vec![FieldError {
        line: Some(error.line()),
        column: Some(error.column()),
        code: Code::BadJson.as_str().to_owned(),
        detail: error.to_string(),
        ..FieldError::default()
    }])
}

/// Values that were read and are not what was expected.
pub(super) fn wrong(errors: Vec<FieldError>) -> Problem {
    let detail = match errors.as_slice() {
        [one] if one.pointer.is_empty() => one.detail.clone(),
        [one] => format!("{}: {}", one.pointer, one.detail),
        many => format!("{} values are wrong", many.len()),
    };
    Problem::new(Code::BadValue, detail).errors(errors)
}

fn fault(error: &serde_json::Error, pointer: &str) -> FieldError {
    let text = error.to_string();
    // The place is in fields of its own.
    let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(detail, _)| detail);
    let known = error.line() > 0;
    FieldError {
        pointer: pointer.to_owned(),
        line: known.then(|| error.line()),
        column: known.then(|| error.column()),
        code: Code::BadValue.as_str().to_owned(),
        detail: detail.to_owned(),
        help: String::new(),
    }
}

fn unknown_field(pointer: String) -> FieldError {
    FieldError {
        pointer,
        code: String::from("unknown-field"),
        detail: String::from("there is no such field"),
        help: String::from("leave it out, or mend its name"),
        ..FieldError::default()
    }
}

/// A JSON pointer (RFC 6901) for a place in the body.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{}", escape(variant)),
            Segment::Unknown => String::new(),
        })
        .collect()
}

fn ignored_pointer(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}/{index}", ignored_pointer(parent)),
        Path::Map { parent, key } => format!("{}/{}", ignored_pointer(parent), escape(key)),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => ignored_pointer(parent),
    }
}

fn escape(key: &str) -> String {
    let plain: String =
        key.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    plain.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
