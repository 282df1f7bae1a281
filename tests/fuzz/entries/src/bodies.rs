//! Bodies of requests to the REST API, through the strict extractor, as every type that it reads.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use futures_util::FutureExt;
use muster::api::dto::{
    AnswerRequest, ApplyRequest, ApproveRequest, AttestRequest, CancelRequest, CommitRequest,
    ReleaseRequest, ResumeRequest, RuleRequest, StartRun,
};
use muster::http::Json;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A body.
///
/// # Panics
/// Where a body is taken that is no JSON, or a refusal is none that a client can print.
pub fn bodies(bytes: &[u8]) {
    let taken = [
        taken::<StartRun>(bytes),
        taken::<ApplyRequest>(bytes),
        taken::<ApproveRequest>(bytes),
        taken::<AnswerRequest>(bytes),
        taken::<CancelRequest>(bytes),
        taken::<AttestRequest>(bytes),
        taken::<RuleRequest>(bytes),
        taken::<ResumeRequest>(bytes),
        taken::<CommitRequest>(bytes),
        taken::<ReleaseRequest>(bytes),
        taken::<Value>(bytes),
    ];
    if taken.contains(&true) {
        serde_json::from_slice::<Value>(bytes).expect("only JSON is taken");
    }
}

fn taken<T: DeserializeOwned>(bytes: &[u8]) -> bool {
    let request = Request::builder()
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(bytes.to_vec()))
        .expect("the request is well formed");
    let read = Json::<T>::from_request(request, &()).now_or_never();
    match read.expect("a body in memory is there at once") {
        Ok(_) => true,
        Err(problem) => {
            for error in &problem.errors {
                assert!(!error.code.is_empty() && !error.detail.is_empty(), "{error:?}");
                assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{error:?}");
            }
            assert!(problem.into_response().status().is_client_error());
            false
        }
    }
}
