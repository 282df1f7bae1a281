//! Query, path and form, with problem reports.

use axum::extract::rejection::FormRejection;
use axum::extract::{
    Form as AxumForm, FromRequest, FromRequestParts, Path as AxumPath, Query as AxumQuery, Request,
};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Code, Problem};

/// The query of a request.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = AxumQuery::<T>::from_request_parts(parts, state).await;
        query
            .map(|AxumQuery(value)| Query(value))
            .map_err(|error| Problem::new(Code::BadQuery, without_status(&error.body_text())))
    }
}

/// The variable parts of a path.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    /// A part that cannot be what it stands for names nothing, so the answer is that there is
    /// nothing.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumPath::<T>::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Path(value)),
            Err(error) => Err(Problem::new(
                Code::NotFound,
                format!("nothing is named like this: {}", without_status(&error.body_text())),
            )),
        }
    }
}

/// A form that a page sent.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match AxumForm::<T>::from_request(request, state).await {
            Ok(AxumForm(value)) => Ok(Form(value)),
            Err(error) => Err(form_problem(&error)),
        }
    }
}

fn form_problem(error: &FormRejection) -> Problem {
    let code = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::WrongMediaType,
        _ => Code::BadValue,
    };
    Problem::new(code, without_status(&error.body_text()))
}

/// The library says what it failed to do before it says what is wrong.
fn without_status(text: &str) -> &str {
    text.strip_prefix("Failed to deserialize ")
        .and_then(|rest| rest.split_once(": "))
        .map_or(text, |(_, rest)| rest)
}
