//! `Idempotency-Key`: a request that is sent twice is done once.
//!
//! What is remembered is what had an effect: a refused request may be sent again under its key. The
//! key is kept in the database with what the request made, in one transaction, so that a server that
//! was stopped before it answered still knows.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use muster_store::{Begin, RequestKey, StoredResponse, sha256_hex};

use super::json::too_large;
use super::problem::store_down;
use super::route::MAX_BODY;
use super::who::Who;
use super::{Code, Gate, Problem};

const KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Headers that are part of an answer.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];

/// The request was done, but its answer is not known: it is read from here.
#[derive(Clone, Debug)]
pub(super) struct SeeAt(pub(super) String);

/// Does the request once, or tells what came of it.
pub(super) async fn run(gate: &Gate, mut who: Who, request: Request, next: Next) -> Response {
    let key = match key_of(&who, &request) {
        Ok(Some(key)) => key,
        Ok(None) => return pass(who, request, next).await,
        Err(problem) => return problem.into_response(),
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else { return too_large().into_response() };
    let Some(_flight) = Flight::begin(gate.in_flight(), &key) else { return in_flight() };
    let requests = gate.auth().store();
    let hash = sha256_hex(&body);
    match requests.requests().begin(&key, &hash, gate.auth().now()).await {
        // One that is under way in the database but not in this process was broken off.
        Ok(Begin::New | Begin::InFlight) => {}
        Ok(Begin::Answered(stored)) => return replay(stored),
        Ok(Begin::Done(made)) => return see_at(parts.uri.path(), &made),
        Ok(Begin::OtherRequest) => return other_request(),
        Err(error) => return store_down(&error).into_response(),
    }
    who.asker.request = Some(key.clone());
    let response = pass(who, Request::from_parts(parts, Body::from(body)), next).await;
    remember(gate, &key, response).await
}

async fn pass(who: Who, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(who);
    next.run(request).await
}

fn key_of(who: &Who, request: &Request) -> Result<Option<RequestKey>, Problem> {
    let Some(value) = request.headers().get(KEY) else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > 255 {
        return Err(Problem::new(Code::BadHeader, "Idempotency-Key is empty, too long or no text")
            .help("send a new UUID for each thing that is to be done"));
    }
    Ok(Some(RequestKey {
        user: who.principal.user.clone(),
        route: format!("{} {}", request.method(), request.uri().path()),
        key: key.to_owned(),
    }))
}

/// Stores an answer that had an effect; forgets the key of one that had none.
async fn remember(gate: &Gate, key: &RequestKey, response: Response) -> Response {
    let store = gate.auth().store();
    if !response.status().is_success() {
        if let Err(error) = store.requests().forget(key).await {
            tracing::warn!(%error, "an idempotency key stays in flight");
        }
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Problem::internal(&"an answer broke off").into_response();
    };
    let kept = KEPT.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let stored = StoredResponse {
        status: parts.status.as_u16(),
        headers: kept.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    // It was done, whether the answer can be stored or not.
    if let Err(error) = store.requests().answer(key, &stored).await {
        tracing::warn!(%error, "an answer could not be stored under its idempotency key");
    }
    Response::from_parts(parts, Body::from(body))
}

fn replay(stored: StoredResponse) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(stored.body)));
    *response.status_mut() = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    for (name, value) in stored.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn see_at(path: &str, made: &str) -> Response {
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(SeeAt(format!("{path}/{made}")));
    response
}

fn in_flight() -> Response {
    let problem =
        Problem::new(Code::KeyInFlight, "a request with this Idempotency-Key is under way")
            .help("wait for its answer, or ask again in a moment");
    Problem { retry_after: Some(1), ..problem }.into_response()
}

fn other_request() -> Response {
    Problem::new(Code::KeyReused, "this Idempotency-Key was sent with another body")
        .help("send a new key for something new")
        .into_response()
}

/// A key that is being worked on, for as long as it lives: also where the client goes away and the
/// request is dropped.
struct Flight<'a> {
    all: &'a Mutex<HashSet<String>>,
    mine: String,
}

impl<'a> Flight<'a> {
    fn begin(all: &'a Mutex<HashSet<String>>, key: &RequestKey) -> Option<Flight<'a>> {
        let mine = format!("{}\n{}\n{}", key.user, key.route, key.key);
        let new = all.lock().unwrap_or_else(PoisonError::into_inner).insert(mine.clone());
        new.then_some(Flight { all, mine })
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.mine);
    }
}
