//! Errors on the wire: RFC 9457 problem details with a stable code.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_contract::{AdapterError, ErrorClass};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The stable codes, with their HTTP status and title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON, or not of the expected shape.
    Malformed,
    /// The body has fields that the agent does not know.
    UnknownField,
    /// The path does not hold an operation id.
    OperationId,
    /// No bearer token, or a wrong one.
    Unauthorized,
    /// The path is none of the protocol's.
    NoSuchPath,
    /// No such site behind this address.
    NoSuchSite,
    /// The path exists, with another method.
    Method,
    /// The body is too large.
    TooLarge,
    /// The body is not `application/json`.
    MediaType,
    /// The agent itself failed.
    Failed,
    /// What the adapter answered.
    Adapter(ErrorClass),
}

impl Code {
    /// Each of them, for the published document.
    pub const ALL: [Code; 17] = [
        Code::Malformed,
        Code::UnknownField,
        Code::OperationId,
        Code::Unauthorized,
        Code::NoSuchPath,
        Code::NoSuchSite,
        Code::Method,
        Code::TooLarge,
        Code::MediaType,
        Code::Failed,
        Code::Adapter(ErrorClass::Retry),
        Code::Adapter(ErrorClass::Auth),
        Code::Adapter(ErrorClass::NotFound),
        Code::Adapter(ErrorClass::Precondition),
        Code::Adapter(ErrorClass::Capacity),
        Code::Adapter(ErrorClass::Unsupported),
        Code::Adapter(ErrorClass::Bug),
    ];

    /// Code, status and title.
    pub fn parts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Code::Malformed => {
                ("protocol.malformed", StatusCode::BAD_REQUEST, "The body cannot be read")
            }
            Code::UnknownField => {
                ("protocol.unknown-field", StatusCode::BAD_REQUEST, "Unknown fields")
            }
            Code::OperationId => {
                ("protocol.operation-id", StatusCode::BAD_REQUEST, "Not an operation id")
            }
            Code::Unauthorized => {
                ("protocol.unauthorized", StatusCode::UNAUTHORIZED, "A bearer token is needed")
            }
            Code::NoSuchPath => ("protocol.no-such-path", StatusCode::NOT_FOUND, "No such path"),
            Code::NoSuchSite => ("protocol.no-such-site", StatusCode::NOT_FOUND, "No such site"),
            Code::Method => {
                ("protocol.method", StatusCode::METHOD_NOT_ALLOWED, "Another method is needed")
            }
            Code::TooLarge => {
                ("protocol.too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large")
            }
            Code::MediaType => (
                "protocol.media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be application/json",
            ),
            Code::Failed => {
                ("protocol.failed", StatusCode::INTERNAL_SERVER_ERROR, "The agent failed")
            }
            Code::Adapter(class) => adapter_parts(class),
        }
    }
}

fn adapter_parts(class: ErrorClass) -> (&'static str, StatusCode, &'static str) {
    match class {
        ErrorClass::Retry => (
            "adapter.retry",
            StatusCode::SERVICE_UNAVAILABLE,
            "The backend is briefly out of reach",
        ),
        // Not 401: that is the caller's own token, this is the agent's at its backend.
        ErrorClass::Auth => {
            ("adapter.auth", StatusCode::BAD_GATEWAY, "The backend refuses the agent's credentials")
        }
        ErrorClass::NotFound => ("adapter.not-found", StatusCode::NOT_FOUND, "No such object"),
        ErrorClass::Precondition => {
            ("adapter.precondition", StatusCode::CONFLICT, "The object's state does not allow it")
        }
        ErrorClass::Capacity => {
            ("adapter.capacity", StatusCode::INSUFFICIENT_STORAGE, "There is no room")
        }
        ErrorClass::Unsupported => {
            ("adapter.unsupported", StatusCode::NOT_IMPLEMENTED, "The backend cannot do this")
        }
        ErrorClass::Bug => {
            ("adapter.bug", StatusCode::INTERNAL_SERVER_ERROR, "The backend's answer made no sense")
        }
    }
}

/// Problem details, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `urn:muster:adapter-problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is, in general.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable; for programs.
    pub code: String,
    /// What it is, here; no secrets.
    pub detail: String,
    /// The adapter's own class, where the adapter answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ErrorClass>,
}

impl Problem {
    /// A problem of a code.
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        let (text, status, title) = code.parts();
        let class = match code {
            Code::Adapter(class) => Some(class),
            _ => None,
        };
        Problem {
            kind: format!("urn:muster:adapter-problem:{text}"),
            title: title.to_owned(),
            status: status.as_u16(),
            code: text.to_owned(),
            detail: detail.into(),
            class,
        }
    }
}

impl From<AdapterError> for Problem {
    fn from(error: AdapterError) -> Problem {
        Problem::new(Code::Adapter(error.class), error.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
