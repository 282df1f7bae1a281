//! Answers that are more than a body.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Json;

/// Something was made: `201` with its address.
#[derive(Clone, Debug)]
pub struct Created<T> {
    /// Path of what was made.
    pub location: String,
    /// What was made.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(LOCATION, self.location)], Json(self.body)).into_response()
    }
}

/// A YAML text.
#[derive(Clone, Debug)]
pub struct Yaml(pub String);

impl IntoResponse for Yaml {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/yaml; charset=utf-8")], self.0).into_response()
    }
}
