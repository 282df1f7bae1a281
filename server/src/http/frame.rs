//! Around everything: ids of requests, panics, problems in the right form, headers.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use super::gate::Checked;
use super::headers::secure;
use super::once::SeeAt;
use super::who::RequestId;
use super::{Code, Gate, Problem, Surface};
use crate::auth::Principal;

const REQUEST_ID: &str = "x-request-id";

/// The outermost layer.
pub(super) async fn frame(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let id = known_id(request.headers()).unwrap_or_else(|| gate.new_id());
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let asked = request.headers().clone();
    let span = tracing::info_span!("request", request.id = %id, %method, path = uri.path());
    let mut response = answer(request, next).instrument(span.clone()).await;
    // No route has asked who it is; people keep their navigation also where nothing is.
    if response.extensions().get::<Surface>().is_none() && wants_page(&asked, &uri) {
        response.extensions_mut().insert(Surface::Page);
        if let Some(who) = gate.known(&asked).await {
            response.extensions_mut().insert(who);
        }
    }
    let mut response = span.in_scope(|| finish(&gate, response, &id, &asked));
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    let headers = response.headers_mut();
    secure(headers, gate.auth().https());
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// The handler's answer; that of another request where it says so; that of a panic.
async fn answer(request: Request, next: Next) -> Response {
    let again = (next.clone(), request.headers().clone(), request.extensions().clone());
    let mut response = caught(request, next).await;
    if let Some(SeeAt(path)) = response.extensions_mut().remove::<SeeAt>() {
        let (next, headers, extensions) = again;
        let mut second = Request::default();
        *second.method_mut() = Method::GET;
        *second.headers_mut() = headers;
        *second.extensions_mut() = extensions;
        if let Ok(uri) = path.parse() {
            *second.uri_mut() = uri;
            response = SeeAt(path).created(caught(second, next).await);
        }
    }
    response
}

async fn caught(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            let mut response = Problem::internal(&"a handler panicked").into_response();
            response.extensions_mut().insert(Checked);
            response
        }
    }
}

fn finish(gate: &Gate, mut response: Response, id: &str, asked: &HeaderMap) -> Response {
    if response.extensions().get::<Checked>().is_none() {
        // Nobody has asked whether this may be seen, so nobody sees it.
        response =
            Problem::internal(&"an answer came from a route without a guard").into_response();
    }
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    problem.request_id = Some(id.to_owned());
    let page = response.extensions().get::<Surface>() == Some(&Surface::Page);
    let who = response.extensions().get::<Principal>();
    let shown = if page { gate.page(&problem, who, asked) } else { None };
    let mut shown = shown.unwrap_or_else(|| problem.into_response());
    for name in [ALLOW, SET_COOKIE] {
        for value in response.headers().get_all(&name) {
            shown.headers_mut().append(name.clone(), value.clone());
        }
    }
    shown
}

/// Nothing is routed there.
pub(super) async fn not_found(uri: Uri) -> Response {
    unrouted(Problem::new(Code::NotFound, format!("there is nothing at {}", uri.path())))
}

/// Something is routed there, for other methods.
pub(super) async fn not_allowed(method: Method, uri: Uri) -> Response {
    let detail = format!("{method} cannot be done to {}", uri.path());
    unrouted(Problem::new(Code::MethodNotAllowed, detail).help("the Allow header says what can"))
}

fn unrouted(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.extensions_mut().insert(Checked);
    response
}

/// Where nothing is routed: people get a page, programs get JSON.
fn wants_page(headers: &HeaderMap, uri: &Uri) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html") && !uri.path().starts_with("/api/")
}

/// An id that the client gave, where it is one that can stand in a log.
fn known_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ((8..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

impl SeeAt {
    /// The answer to a request that had made something: the same as the first one would have been.
    fn created(&self, mut response: Response) -> Response {
        if response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::CREATED;
            if let Ok(location) = HeaderValue::from_str(&self.0) {
                response.headers_mut().insert(axum::http::header::LOCATION, location);
            }
        }
        response
    }
}
