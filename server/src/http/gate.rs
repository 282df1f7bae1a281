//! Who comes in: authentication, privileges and origin, before a handler or the body is looked at.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use muster_plans::time::Span;

use super::paging::NextCursor;
use super::who::{RequestId, Who, nobody, refused};
use super::{Access, Code, Problem, PublicUrl, csrf, once};
use crate::auth::{Auth, AuthError, Principal, Via};
use crate::ops::Asker;

/// Answers to keyed requests are kept this long.
const KEEP_ANSWERS: Span = Span::mins(24 * 60);

/// Shows a problem to somebody who looks at pages.
type ShowPage = dyn Fn(&Problem, Option<&Principal>, &HeaderMap) -> Response + Send + Sync;

/// Whom an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Programs: problems are JSON.
    Api,
    /// People: problems are pages. Who is not signed in is sent to sign in, and who has a one-time
    /// password to choose another.
    Page,
}

/// Lets requests in, or does not.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    auth: Auth,
    new_id: fn() -> String,
    public: Option<PublicUrl>,
    show: Option<Box<ShowPage>>,
    in_flight: Mutex<HashSet<String>>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gate").field(&self.0.auth).finish()
    }
}

impl Gate {
    /// Over the users of a server. `new_id` makes ids of requests.
    pub fn new(auth: Auth, new_id: fn() -> String) -> Gate {
        Gate::made(auth, new_id, None, None)
    }

    fn made(
        auth: Auth,
        new_id: fn() -> String,
        public: Option<PublicUrl>,
        show: Option<Box<ShowPage>>,
    ) -> Gate {
        Gate(Arc::new(Inner { auth, new_id, public, show, in_flight: Mutex::default() }))
    }

    /// The same behind a proxy, before pages are added: browsers reach the server at this address.
    #[must_use]
    pub fn behind(self, public: Option<PublicUrl>) -> Gate {
        Gate::made(self.0.auth.clone(), self.0.new_id, public, None)
    }

    /// The same, with a way to show problems as pages: from the problem, which carries the request's
    /// id, who it happened to, and the headers of the request.
    #[must_use]
    pub fn with_pages(
        self,
        show: impl Fn(&Problem, Option<&Principal>, &HeaderMap) -> Response + Send + Sync + 'static,
    ) -> Gate {
        let Inner { auth, new_id, public, .. } = &*self.0;
        let show: Option<Box<ShowPage>> = Some(Box::new(show));
        Gate::made(auth.clone(), *new_id, public.clone(), show)
    }

    /// Removes sessions and answers that nobody needs any more; the server does so now and then.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn tidy(&self) -> Result<(), AuthError> {
        self.auth().purge().await?;
        let before = self.auth().now() - KEEP_ANSWERS;
        self.auth().store().requests().purge(before).await?;
        Ok(())
    }

    pub(super) fn auth(&self) -> &Auth {
        &self.0.auth
    }

    pub(super) fn new_id(&self) -> String {
        (self.0.new_id)()
    }

    pub(super) fn in_flight(&self) -> &Mutex<HashSet<String>> {
        &self.0.in_flight
    }

    /// A problem as a page, where there is a way to show one.
    pub(super) fn page(
        &self,
        problem: &Problem,
        who: Option<&Principal>,
        headers: &HeaderMap,
    ) -> Option<Response> {
        self.0.show.as_ref().map(|show| show(problem, who, headers))
    }

    /// Who makes a request that no route has asked about, to show them the page that they know.
    pub(super) async fn known(&self, headers: &HeaderMap) -> Option<Principal> {
        self.authenticate(headers).await.ok().flatten()
    }

    /// Who makes a request; `None`: nobody that is known. A failure of the store lets nobody in.
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Option<Principal>, Problem> {
        if let Some(value) = headers.get(AUTHORIZATION) {
            let token = value.to_str().ok().and_then(bearer);
            return match token {
                Some(token) => Ok(self.auth().by_token(token).await?),
                None => Ok(None),
            };
        }
        for line in headers.get_all(COOKIE) {
            let id = line.to_str().ok().and_then(|line| self.auth().session_in(line));
            if let Some(id) = id {
                return Ok(self.auth().by_session(id).await?);
            }
        }
        Ok(None)
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// One route's part of the gate.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) gate: Gate,
    pub(super) access: Access,
    pub(super) surface: Surface,
    /// It takes an idempotency key.
    pub(super) once: bool,
}

/// Marks an answer that went through a guard. What carries no mark does not leave the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checked;

/// Stands before a route.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let uri = parts.uri.clone();
    let admitted = guard.admit(&parts).await;
    let principal = admitted.as_ref().ok().and_then(|(principal, _)| principal.clone());
    let mut response = match admitted {
        Err(problem) | Ok((_, Err(problem))) => guard.refuse(problem, &uri),
        Ok((Some(principal), Ok(()))) if guard.once => {
            let who = who(principal, &parts);
            once::run(&guard.gate, who, Request::from_parts(parts, body), next).await
        }
        Ok((principal, Ok(()))) => {
            if let Some(principal) = principal {
                let who = who(principal, &parts);
                parts.extensions.insert(who);
            }
            next.run(Request::from_parts(parts, body)).await
        }
    };
    NextCursor::link(&mut response, &uri);
    let marks = response.extensions_mut();
    marks.insert(Checked);
    marks.insert(guard.surface);
    if let Some(principal) = principal {
        marks.insert(principal);
    }
    response
}

type Admitted = (Option<Principal>, Result<(), Problem>);

impl Guard {
    /// Who it is, and whether they may come in.
    async fn admit(&self, request: &Parts) -> Result<Admitted, Problem> {
        let principal = self.gate.authenticate(&request.headers).await?;
        let origin = self.check_origin(request, principal.as_ref());
        let checked = origin.and_then(|()| self.check_access(principal.as_ref()));
        Ok((principal, checked))
    }

    fn check_origin(&self, request: &Parts, who: Option<&Principal>) -> Result<(), Problem> {
        let headers = &request.headers;
        let public = self.gate.0.public.as_ref();
        let session = who.is_some_and(|who| matches!(who.via, Via::Session(_)));
        match (session, csrf::changes(&request.method)) {
            (true, true) => csrf::check(headers, csrf::From::Session, public),
            (false, true) if who.is_none() => csrf::check(headers, csrf::From::Nobody, public),
            // A page of another site may link to our pages, but not read our data or streams.
            (true, false) if self.surface == Surface::Api => {
                csrf::check(headers, csrf::From::Nobody, public)
            }
            _ => Ok(()),
        }
    }

    fn check_access(&self, who: Option<&Principal>) -> Result<(), Problem> {
        if self.access == Access::Public {
            return Ok(());
        }
        let who = who.ok_or_else(nobody)?;
        if who.must_choose_password() && self.access != Access::AnyPassword {
            return Err(AuthError::ChooseFirst.into());
        }
        let wanted = match &self.access {
            Access::Public | Access::SignedIn | Access::AnyPassword => return Ok(()),
            Access::Needs(one) => std::slice::from_ref(one),
            Access::AnyOf(list) => list,
        };
        if wanted.iter().any(|privilege| who.may(*privilege)) {
            return Ok(());
        }
        // An empty list is refused when the table is built.
        Err(wanted.first().map_or_else(nobody, |privilege| refused(who, *privilege)))
    }

    fn refuse(&self, problem: Problem, uri: &Uri) -> Response {
        let door = match (self.surface, problem.code) {
            (Surface::Page, Code::SignInFirst) => "/sign-in",
            (Surface::Page, Code::PasswordMustChange) => "/account",
            _ => return problem.into_response(),
        };
        Redirect::to(&format!("{door}?next={}", encode(uri))).into_response()
    }
}

/// Path and query, fit to stand in a query.
fn encode(uri: &Uri) -> String {
    let text = uri.path_and_query().map_or("/", |both| both.as_str());
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn who(principal: Principal, request: &Parts) -> Who {
    let asker = Asker {
        by: principal.user.clone(),
        via: principal.via.to_string(),
        address: address(request).map(|address| address.to_string()),
        request_id: request.extensions.get::<RequestId>().map(|id| id.0.clone()),
        request: None,
        privileges: principal.privileges,
    };
    Who { principal, asker }
}

fn address(request: &Parts) -> Option<IpAddr> {
    request.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}
