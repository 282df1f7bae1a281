//! Problem reports as RFC 9457 has them.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Code;
use super::json::wrong;
use crate::auth::{AuthError, Fault};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer into the body, or a place in a file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// Line in the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Stable identity.
    pub code: String,
    /// What is wrong.
    pub detail: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help: String,
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> FieldError {
        let Fault { pointer, code, detail, help } = fault;
        FieldError { pointer, code: code.to_owned(), detail, help, ..FieldError::default() }
    }
}

/// Why a request was not done. The fields of its JSON are part of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable identity; gives status and title.
    pub code: Code,
    /// What happened this time.
    pub detail: String,
    /// What to do instead.
    pub help: String,
    /// All that is wrong, not only the first.
    pub errors: Vec<FieldError>,
    /// The request, as the server's log names it. Set when the answer leaves.
    pub request_id: Option<String>,
    /// Try again after so many seconds.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem.
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        Problem {
            code,
            detail: detail.into(),
            help: String::new(),
            errors: Vec::new(),
            request_id: None,
            retry_after: None,
        }
    }

    /// The same, with what to do instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = help.into();
        self
    }

    /// The same, with all that is wrong.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Problem {
        self.errors = errors;
        self
    }

    /// The server failed. What failed goes to the log; the answer tells nothing about the inside.
    pub fn internal(error: &dyn std::fmt::Display) -> Problem {
        tracing::error!(%error, "a request failed");
        Problem::new(Code::Internal, "the server failed to do this")
            .help("the server's log says more under the request's id")
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// The body as it is sent.
    pub fn to_json(&self) -> serde_json::Value {
        let mut body = serde_json::json!({
            "type": format!("/codes/{}", self.code),
            "title": self.code.title(),
            "status": self.status().as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if !self.help.is_empty() {
            body["help"] = self.help.as_str().into();
        }
        if !self.errors.is_empty() {
            body["errors"] = serde_json::json!(self.errors);
        }
        if let Some(id) = &self.request_id {
            body["requestId"] = id.as_str().into();
        }
        body
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

/// The problem also travels beside its body, so that pages can show it in their own way.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.to_json().to_string();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Problem {
        let detail = error.to_string();
        match error {
            AuthError::BadCredentials => Problem::new(Code::BadCredentials, detail),
            AuthError::TooManyFailures { seconds } => Problem {
                retry_after: Some(seconds),
                ..Problem::new(Code::TooManyAttempts, detail)
            },
            AuthError::ChooseFirst => Problem::new(Code::PasswordMustChange, detail)
                .help("see /account, POST /api/v1/me/password or `muster sign-in`"),
            AuthError::Faults(faults) => wrong(faults.into_iter().map(FieldError::from).collect()),
            AuthError::UnknownRole { .. } => Problem::new(Code::BadValue, detail),
            AuthError::WiderToken(_) => Problem::new(Code::NotAllowed, detail)
                .help("sign in with your password, or ask for less"),
            AuthError::LastAdministrator(_) => Problem::new(Code::LastAdministrator, detail),
            AuthError::NotFound(_) => Problem::new(Code::NotFound, detail),
            AuthError::Store(muster_store::Error::Exists(_)) => {
                Problem::new(Code::AlreadyExists, detail)
            }
            AuthError::Store(muster_store::Error::Conflict { .. }) => {
                Problem::new(Code::VersionConflict, detail)
            }
            AuthError::Store(error) => store_down(&error),
            AuthError::Secret => Problem::internal(&detail),
        }
    }
}

/// The database did not answer; nothing about it is told.
pub(super) fn store_down(error: &muster_store::Error) -> Problem {
    tracing::error!(%error, error.code = error.code(), "the store failed");
    Problem::new(Code::StoreUnavailable, "the database did not answer")
        .help("try again; the server's log says more under the request's id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_part_of_the_api() {
        let mut problem =
            Problem::new(Code::BadValue, "1 field is wrong").help("mend it").errors(vec![
                FieldError {
                    pointer: String::from("/kind"),
                    line: Some(2),
                    column: Some(9),
                    code: String::from("unknown-variant"),
                    detail: String::from("there is no kind `x`"),
                    help: String::new(),
                },
            ]);
        problem.request_id = Some(String::from("r1"));
        insta::assert_snapshot!(serde_json::to_string_pretty(&problem.to_json()).unwrap(), @r#"
        {
          "type": "/codes/bad-value",
          "title": "A value is not what was expected",
          "status": 422,
          "code": "bad-value",
          "detail": "1 field is wrong",
          "help": "mend it",
          "errors": [
            {
              "pointer": "/kind",
              "line": 2,
              "column": 9,
              "code": "unknown-variant",
              "detail": "there is no kind `x`"
            }
          ],
          "requestId": "r1"
        }
        "#);
    }
}
