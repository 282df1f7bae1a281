//! The whole chain in front of handlers, as browsers and programs see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ALLOW, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use muster_plans::time::Span;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::sse::live_while;
use super::{
    Access, After, Code, Created, Gate, Json, Linked, Path, Problem, Sse, Surface, Table, Who,
};
use crate::auth::tests::{Hand, make, open, session};
use crate::auth::{Auth, FirstUser, Principal, Privilege, Role};

#[derive(Deserialize)]
struct Wish {
    plan: String,
}

/// What handlers did.
#[derive(Clone, Default)]
struct Done(Arc<AtomicU32>);

async fn start(
    done: axum::extract::State<Done>,
    Json(wish): Json<Wish>,
) -> Result<Created<Value>, Problem> {
    if wish.plan == "busy" {
        return Err(Problem::new(Code::GroupBusy, "it is in another run"));
    }
    let n = done.0.0.fetch_add(1, Ordering::Relaxed);
    Ok(Created { location: format!("/api/v1/runs/{n}"), body: json!({"id": n, "plan": wish.plan}) })
}

fn table() -> Table<Done> {
    use Access::{AnyOf, AnyPassword, Needs, Public, SignedIn};
    use Privilege::{AuditRead, PlanRead, PlanWrite, RunCancel, RunFailover, RunRead, TestSteer};
    let ok = || async { Json(json!("ok")) };
    let list = || async { Linked { page: json!({"items": []}), next: Some(String::from("abc")) } };
    let api = Table::api()
        .get("/healthz", Public, ok)
        .post("/sign-in", Public, ok)
        .get("/api/v1/whoami", SignedIn, async |who: Who| who.principal.user)
        .post("/api/v1/me/password", AnyPassword, ok)
        .get("/api/v1/plans", Needs(PlanRead), list)
        .put("/api/v1/plans", Needs(PlanWrite), ok)
        .delete("/api/v1/plans", Needs(PlanWrite), ok)
        .post_once("/api/v1/runs", Needs(RunFailover), start)
        .get("/api/v1/runs/{id}", Needs(RunRead), show)
        .post("/api/v1/cancel", AnyOf(&[RunCancel, TestSteer]), ok)
        .get("/api/v1/panic", Public, panics);
    let pages = Table::pages().get("/plans", Needs(PlanRead), async || Html("plans")).get(
        "/audit",
        Needs(AuditRead),
        async || Html("audit"),
    );
    api.and(pages)
}

async fn show(Path(id): Path<u32>) -> Json<Value> {
    Json(json!({"id": id, "read": "again"}))
}

async fn panics() -> Response {
    panic!("a secret stands here");
}

struct Server {
    router: Router,
    gate: Gate,
    auth: Auth,
    first: FirstUser,
    clock: Arc<Hand>,
    done: Done,
}

async fn server() -> Server {
    let clock = Hand::new();
    let (auth, first) = open(&clock).await;
    let show = |problem: &Problem, who: Option<&Principal>, _: &HeaderMap| {
        let id = problem.request_id.as_deref().unwrap_or("no id");
        let who = who.map_or("nobody", |who| who.user.as_str());
        (problem.status(), Html(format!("<h1>{}</h1>{id} {who}", problem.code))).into_response()
    };
    let gate = Gate::new(auth.clone(), || String::from("made-by-us")).with_pages(show);
    let done = Done::default();
    let router = table().serve(&gate, done.clone()).unwrap();
    Server { router, gate, auth, first, clock, done }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn code(&self) -> String {
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json", "{}", self.body);
        assert_eq!(self.json()["status"], self.status.as_u16());
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

impl Server {
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "muster.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, "").await
    }

    /// `Authorization` of a new user with these roles.
    async fn bearer(&self, name: &str, roles: &[Role]) -> String {
        make(&self.auth, name, roles).await;
        format!("Bearer {}", self.auth.issue_token(name, "test").await.unwrap())
    }

    async fn cookie(&self) -> String {
        self.auth.keep_first_password().await.unwrap();
        self.one_time_cookie().await
    }

    /// Of somebody who has not chosen a password yet.
    async fn one_time_cookie(&self) -> String {
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        let signed_in = self.auth.sign_in("admin", &self.first.password, here, None).await.unwrap();
        format!("theme=dark; muster={}", session(&signed_in))
    }
}

/// Every route with every role, and with nobody: what the table says is what happens.
#[tokio::test]
async fn the_table_is_what_happens() {
    let server = server().await;
    let json = ("content-type", "application/json");
    for (n, role) in Role::ALL.iter().enumerate() {
        let bearer = server.bearer(&format!("user{n}"), &[*role]).await;
        for line in table().lines() {
            let method: Method = line.method.to_string().parse().unwrap();
            let path = line.path.replace("{id}", "7");
            let wish = r#"{"plan": "erp"}"#;
            if path == "/api/v1/panic" {
                continue;
            }
            let answer =
                server.send(method.clone(), &path, &[json, ("authorization", &bearer)], wish).await;
            let allowed = match line.access {
                Access::Public | Access::SignedIn | Access::AnyPassword => true,
                Access::Needs(one) => role.privileges().has(one),
                Access::AnyOf(list) => list.iter().any(|one| role.privileges().has(*one)),
            };
            let expected = if allowed { answer.status.is_success() } else { answer.status == 403 };
            assert!(expected, "{line} as {role}: {}", answer.status);
            let nobody = server.send(method.clone(), &path, &[json], wish).await;
            let expected = match (line.access, line.surface) {
                (Access::Public, _) => StatusCode::OK,
                (_, Surface::Page) => StatusCode::SEE_OTHER,
                _ => StatusCode::UNAUTHORIZED,
            };
            assert_eq!(nobody.status, expected, "{line} as nobody");
        }
    }
}

/// Until a password of one's own is chosen, a session is good for choosing it, and a token is not
/// held up.
#[tokio::test]
async fn a_one_time_password_opens_one_door() {
    let server = server().await;
    let (json, browser) = (("content-type", "application/json"), ("sec-fetch-site", "same-origin"));
    let token = format!("Bearer {}", server.auth.issue_token("admin", "test").await.unwrap());
    let cookie = server.one_time_cookie().await;
    for line in table().lines() {
        let method: Method = line.method.to_string().parse().unwrap();
        let path = line.path.replace("{id}", "7");
        if path == "/api/v1/panic" {
            continue;
        }
        let headers = [json, browser, ("cookie", cookie.as_str())];
        let answer = server.send(method.clone(), &path, &headers, r#"{"plan": "erp"}"#).await;
        match (line.access, line.surface) {
            (Access::Public | Access::AnyPassword, _) => assert!(answer.status.is_success()),
            (_, Surface::Page) => {
                assert_eq!(answer.headers[LOCATION], format!("/account?next={path}"));
            }
            (_, Surface::Api) => assert_eq!(answer.code(), "password-must-change", "{line}"),
        }
        let headers = [json, ("authorization", token.as_str())];
        let answer = server.send(method, &path, &headers, r#"{"plan": "erp"}"#).await;
        assert!(answer.status.is_success(), "{line}: {}", answer.status);
    }
}

/// Who may not is told so before a byte of the body is read.
#[tokio::test]
async fn privileges_come_before_the_body() {
    let server = server().await;
    let auditor = server.bearer("eve", &[Role::Auditor]).await;
    for body in ["", "{", "\0"] {
        let answer =
            server.send(Method::POST, "/api/v1/runs", &[("authorization", &auditor)], body).await;
        assert_eq!(answer.code(), "not-allowed");
        assert!(answer.json()["detail"].as_str().unwrap().contains("run.failover"));
    }
}

#[tokio::test]
async fn a_table_that_is_not_whole_does_not_start() {
    let server = server().await;
    let ok = async || "ok";
    let refused = |more: Table<Done>| {
        table().and(more).serve(&server.gate, Done::default()).unwrap_err().to_string()
    };
    let twice = Table::api().get("/healthz", Access::SignedIn, ok);
    assert_eq!(refused(twice), "GET /healthz stands twice in the table of routes");
    let none = Table::api().get("/x", Access::AnyOf(&[]), ok);
    assert_eq!(refused(none), "GET /x names no privilege");
    let path = Table::api().get("x", Access::Public, ok);
    assert_eq!(refused(path), "the path of GET x does not begin with `/`");
    let once = Table::api().post_once("/x", Access::Public, ok);
    assert!(refused(once).starts_with("POST /x takes an idempotency key"));
}

#[tokio::test]
async fn a_route_beside_the_table_answers_nothing() {
    let server = server().await;
    let stray = Router::new().route("/stray", get(async || "a secret"));
    let frame = axum::middleware::from_fn_with_state(server.gate.clone(), super::frame::frame);
    let server = Server { router: stray.layer(frame), ..server };
    let answer = server.get("/stray", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, "internal"));
}

#[tokio::test]
async fn sessions_change_things_from_our_own_pages_only() {
    let server = server().await;
    let cookie = server.cookie().await;
    let put = async |headers: &[(&str, &str)]| {
        let mut all = vec![("cookie", cookie.as_str())];
        all.extend(headers);
        server.send(Method::PUT, "/api/v1/plans", &all, "").await.status.as_u16()
    };
    assert_eq!(put(&[("sec-fetch-site", "same-origin")]).await, 200);
    assert_eq!(put(&[("origin", "https://muster.example")]).await, 200);
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site"), ("origin", "https://muster.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ] {
        assert_eq!(put(headers).await, 403, "{headers:?}");
    }
    // Reading data or a stream from another site's page is refused as well; a link to a page is not.
    let from = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(server.get("/api/v1/plans", &from).await.code(), "cross-site");
    assert_eq!(server.get("/plans", &from).await.status, 200);
    // Nobody is signed in by another site's page.
    let other = [("origin", "https://evil.example")];
    assert_eq!(server.send(Method::POST, "/sign-in", &other, "").await.code(), "cross-site");
    assert_eq!(server.send(Method::POST, "/sign-in", &[], "").await.status, 200);
}

#[tokio::test]
async fn who_is_let_in() {
    let server = server().await;
    let (cookie, bearer) = (server.cookie().await, server.bearer("bob", &[Role::Auditor]).await);
    let name = async |headers: &[(&str, &str)]| server.get("/api/v1/whoami", headers).await.body;
    assert_eq!(name(&[("cookie", &cookie)]).await, "admin");
    assert_eq!(name(&[("authorization", &bearer)]).await, "bob");
    assert_eq!(name(&[("authorization", &bearer.replace("Bearer", "bearer"))]).await, "bob");
    assert_eq!(name(&[("authorization", &bearer), ("cookie", &cookie)]).await, "bob");
    for wrong in ["Basic YTpi", "Bearer", "Bearer x", "Bearer mst_aaaaaaaaaaaa_b", ""] {
        let headers = [("authorization", wrong), ("cookie", &cookie)];
        let answer = server.get("/api/v1/whoami", &headers).await;
        assert_eq!(answer.code(), "sign-in-first", "{wrong}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    server.clock.on(Span::mins(24 * 60));
    assert_eq!(server.get("/api/v1/whoami", &[("cookie", &cookie)]).await.status, 401);
}

/// The store is gone: nobody is let in on a guess.
#[tokio::test]
async fn without_the_store_nobody_comes_in() {
    let server = server().await;
    let (cookie, bearer) = (server.cookie().await, server.bearer("bob", &[Role::Auditor]).await);
    server.auth.store().clone().close().await.unwrap();
    for headers in [[("cookie", cookie.as_str())], [("authorization", bearer.as_str())]] {
        for path in ["/api/v1/whoami", "/api/v1/plans", "/healthz"] {
            let answer = server.get(path, &headers).await;
            assert_eq!(answer.code(), "store-unavailable", "{path}");
            assert!(!answer.body.to_lowercase().contains("sql"), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn everything_that_goes_wrong_is_a_problem_report() {
    let server = server().await;
    let admin = server.bearer("root", &[Role::RecoveryAdmin]).await;
    let auth = ("authorization", admin.as_str());
    let json = ("content-type", "application/json");
    let post = async |headers: &[(&str, &str)], body: &str| {
        server.send(Method::POST, "/api/v1/runs", headers, body).await
    };
    let missing = server.get("/api/v1/nothing", &[]).await;
    assert_eq!((missing.status.as_u16(), missing.code().as_str()), (404, "not-found"));
    let method = server.send(Method::PATCH, "/api/v1/plans", &[auth], "").await;
    assert_eq!((method.status.as_u16(), method.code().as_str()), (405, "method-not-allowed"));
    let allow = method.headers[ALLOW].to_str().unwrap();
    assert!(["GET", "PUT", "DELETE"].iter().all(|one| allow.contains(one)), "{allow}");
    assert_eq!(server.get("/api/v1/runs/x", &[auth]).await.code(), "not-found");
    assert_eq!(post(&[auth], "plan=erp").await.status, 415);
    assert_eq!(post(&[auth, json], "{").await.code(), "bad-json");
    let wrong = post(&[auth, json], r#"{"plan": "e\u0000", "x": 1}"#).await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (422, "bad-value"));
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/plan");
    let large = format!("{{\"plan\": \"{}\"}}", "x".repeat(super::route::MAX_BODY));
    assert_eq!(post(&[auth, json], &large).await.code(), "too-large");
    assert_eq!(post(&[auth, json, ("idempotency-key", "k")], &large).await.code(), "too-large");
    let failed = server.get("/api/v1/panic", &[]).await;
    assert_eq!((failed.status.as_u16(), failed.code().as_str()), (500, "internal"));
    assert!(!failed.body.contains("secret"), "{}", failed.body);
    let id = server.get("/api/v1/nothing", &[("x-request-id", "from-the-client")]).await;
    assert_eq!(id.json()["requestId"], "from-the-client");
    for forged in ["short", "a b c d e f g h", "x\u{e9}xxxxxxxxx", &"x".repeat(65)] {
        let answer = server.get("/api/v1/nothing", &[("x-request-id", forged)]).await;
        assert_eq!(answer.headers["x-request-id"], "made-by-us");
    }
}

#[tokio::test]
async fn people_get_pages() {
    let server = server().await;
    let html = ("accept", "text/html,*/*");
    let answer = server.get("/plans?x=1&y=a b".replace(' ', "%20").as_str(), &[html]).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers[LOCATION]),
        (303, &"/sign-in?next=/plans%3Fx%3D1%26y%3Da%2520b".parse().unwrap())
    );
    let bob = server.bearer("bob", &[Role::TestAdmin]).await;
    let refused = server.get("/audit", &[html, ("authorization", &bob)]).await;
    assert_eq!(
        (refused.status.as_u16(), refused.body.as_str()),
        (403, "<h1>not-allowed</h1>made-by-us bob")
    );
    assert_eq!(server.get("/nothing", &[html]).await.body, "<h1>not-found</h1>made-by-us nobody");
    assert_eq!(server.get("/api/nothing", &[html]).await.code(), "not-found");
    assert_eq!(server.get("/nothing", &[]).await.code(), "not-found");
}

#[tokio::test]
async fn every_answer_is_secured() {
    let server = server().await;
    for path in ["/healthz", "/nothing", "/api/v1/whoami", "/plans", "/api/v1/panic"] {
        let headers = server.get(path, &[]).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert!(
            headers.contains_key("x-request-id") && !headers.contains_key(SET_COOKIE),
            "{path}"
        );
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
    }
    let bearer = server.bearer("bob", &[Role::Auditor]).await;
    let list = server.get("/api/v1/plans?limit=5", &[("authorization", &bearer)]).await;
    assert_eq!(list.headers["link"], "</api/v1/plans?limit=5&cursor=abc>; rel=\"next\"");
}

#[tokio::test]
async fn a_repeated_request_is_done_once() {
    let server = server().await;
    let bearer = server.bearer("bob", &[Role::RecoveryAdmin]).await;
    let eve = server.bearer("eve", &[Role::RecoveryAdmin]).await;
    let post = async |bearer: &str, key: &str, body: &str| {
        let json = ("content-type", "application/json");
        let headers = [json, ("authorization", bearer), ("idempotency-key", key)];
        server.send(Method::POST, "/api/v1/runs", &headers, body).await
    };
    let erp = r#"{"plan": "erp"}"#;
    let first = post(&bearer, "k1", erp).await;
    let again = post(&bearer, "k1", erp).await;
    assert_eq!((first.status.as_u16(), &first.body), (201, &again.body));
    assert_eq!((first.status, &first.headers[LOCATION]), (again.status, &again.headers[LOCATION]));
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(post(&bearer, "k1", r#"{"plan": "crm"}"#).await.code(), "key-reused");
    assert_eq!(server.done.0.load(Ordering::Relaxed), 1);
    assert_eq!(post(&eve, "k1", erp).await.status, 201, "keys are each user's own");
    assert_eq!(server.done.0.load(Ordering::Relaxed), 2);
    // A refusal had no effect, and its key is free.
    assert_eq!(post(&bearer, "k2", r#"{"plan": "busy"}"#).await.code(), "group-busy");
    assert_eq!(post(&bearer, "k2", erp).await.status, 201);
    assert_eq!(post(&bearer, "", erp).await.code(), "bad-header");
    // After a day it is forgotten.
    server.clock.on(Span::mins(24 * 60 + 1));
    server.gate.tidy().await.unwrap();
    assert!(!post(&bearer, "k1", erp).await.headers.contains_key("idempotency-replayed"));
}

/// The server was stopped after the effect and before the answer.
#[tokio::test]
async fn what_was_done_before_a_crash_is_answered_after_it() {
    let server = server().await;
    let bearer = server.bearer("bob", &[Role::RecoveryAdmin]).await;
    let key = muster_store::RequestKey {
        user: String::from("bob"),
        route: String::from("POST /api/v1/runs"),
        key: String::from("k1"),
    };
    let body = r#"{"plan": "erp"}"#;
    let hash = muster_store::sha256_hex(body.as_bytes());
    let store = server.auth.store();
    store.requests().begin(&key, &hash, server.auth.now()).await.unwrap();
    let post = async || {
        let json = ("content-type", "application/json");
        let headers = [json, ("authorization", bearer.as_str()), ("idempotency-key", "k1")];
        server.send(Method::POST, "/api/v1/runs", &headers, body).await
    };
    store.runs().create(run_made_under(&key, "42")).await.unwrap();
    let answer = post().await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers[LOCATION]),
        (201, &"/api/v1/runs/42".parse().unwrap())
    );
    assert_eq!(answer.json(), json!({"id": 42, "read": "again"}));
    assert_eq!(server.done.0.load(Ordering::Relaxed), 0, "nothing was started again");
}

fn run_made_under(key: &muster_store::RequestKey, made: &str) -> muster_store::CreateRun {
    let run = muster_store::Run {
        id: muster_plans::id::RunId(uuid::Uuid::from_u128(1)),
        plan: "erp".into(),
        kind: muster_plans::run::RunKind::Failover,
        created_at: muster_plans::time::Time(0),
        started_by: String::from("bob"),
        reason: None,
        graph_digest: String::new(),
        chain: None,
        tag: None,
        state: String::new(),
        summary: Value::Null,
        active: true,
        ending: None,
        ended_at: None,
    };
    muster_store::CreateRun {
        run,
        graph: String::new(),
        groups: Vec::new(),
        plan_state: None,
        approval: None,
        chain: None,
        request: Some((key.clone(), made.to_owned())),
        audit: Vec::new(),
    }
}

/// Streams end when whoever listens may no longer, and not before.
#[tokio::test]
async fn a_stream_ends_with_its_session() {
    use futures_util::StreamExt;
    let (auth, first) = open(&Hand::new()).await;
    let here = std::net::Ipv4Addr::LOCALHOST.into();
    let signed_in = auth.sign_in("admin", &first.password, here, None).await.unwrap();
    let events = futures_util::stream::iter([Sse::json(7, "step", &json!({"n": 1})).unwrap()]);
    let events = events.chain(futures_util::stream::pending());
    let often = std::time::Duration::from_millis(5);
    let who = signed_in.principal;
    let response = live_while(auth.clone(), who.clone(), events, often);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let event = body.next().await.unwrap().unwrap();
    assert_eq!(event, "id: 7\ndata: {\"n\":1}\nevent: step\n\n".as_bytes());
    let mut listening = tokio::task::JoinSet::new();
    listening.spawn(async move { body.next().await.is_none() });
    let waited = tokio::time::timeout(often * 20, listening.join_next()).await;
    assert!(waited.is_err(), "the session is live, and so is the stream");
    auth.sign_out(&who).await.unwrap();
    assert!(listening.join_next().await.unwrap().unwrap(), "the stream has ended");
}

#[tokio::test]
async fn streams_go_on_after_the_last_event() {
    let after = async |uri: &str, header: Option<&str>| {
        let mut request = Request::builder().uri(uri);
        if let Some(id) = header {
            request = request.header("last-event-id", id);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        use axum::extract::FromRequestParts;
        After::from_request_parts(&mut parts, &()).await.map_err(|problem| problem.code)
    };
    assert_eq!(after("/e", None).await, Ok(After(None)));
    assert_eq!(after("/e", Some("")).await, Ok(After(None)));
    assert_eq!(after("/e?after=5", None).await, Ok(After(Some(5))));
    assert_eq!(after("/e?after=5", Some("9")).await, Ok(After(Some(9))));
    assert_eq!(after("/e", Some("x")).await, Err(Code::BadCursor));
}
