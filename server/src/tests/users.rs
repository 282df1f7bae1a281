//! More than one person: how a second one comes in, what they may, and how they go.

use axum::http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Rig, answer, refusal, refused};
use crate::auth::{Privilege, Role};
use crate::http::Access;

const GOOD: &str = "four words of mine";

/// How somebody comes in.
#[derive(Clone)]
enum As {
    Token(String),
    /// A browser with this cookie.
    Cookie(String),
}

impl Rig {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.as_ref().unwrap().url)
    }

    fn admin(&self) -> As {
        As::Token(self.token.clone())
    }

    fn ask(&self, who: &As, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, self.url(path));
        match who {
            As::Token(token) => request.bearer_auth(token),
            As::Cookie(cookie) => {
                request.header("cookie", cookie).header("sec-fetch-site", "same-origin")
            }
        }
    }

    /// A change of a user as they are now.
    async fn change(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let name = path.split('/').nth(2).unwrap();
        let (_, user) = self.get(&format!("/users/{name}")).await;
        let version = format!("\"{}\"", user["version"].as_u64().unwrap_or(0));
        let request = self.ask(&self.admin(), method, &format!("/api/v1{path}"));
        answer(request.header("if-match", version).json(&body)).await
    }

    async fn form(&self, who: &As, path: &str, body: String) -> reqwest::Response {
        let request = self.ask(who, Method::POST, path).body(body);
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    }

    /// Signs in with the form; `None`: was not let in.
    async fn browser(&self, user: &str, password: &str) -> Option<As> {
        let body = format!("user={user}&password={password}");
        let answer = self.form(&As::Cookie(String::new()), "/sign-in", body).await;
        let cookie = answer.headers().get("set-cookie")?.to_str().unwrap();
        Some(As::Cookie(cookie.split(';').next().unwrap().to_owned()))
    }

    async fn add(&self, name: &str, role: Role) -> String {
        let body = json!({"name": name, "roles": [role.as_str()]});
        let (status, made) = self.post("/users", body).await;
        assert_eq!(status, StatusCode::CREATED, "{made:#}");
        assert_eq!(made["user"]["mustChangePassword"], true);
        made["password"].as_str().unwrap().to_owned()
    }

    async fn my(&self, who: &As, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        answer(self.ask(who, method, &format!("/api/v1{path}")).json(&body)).await
    }

    async fn is_in(&self, who: &As) -> bool {
        self.my(who, Method::GET, "/me", json!(null)).await.0 == StatusCode::OK
    }
}

fn place(response: &reqwest::Response) -> (u16, &str) {
    let to = response.headers().get("location").map_or("", |to| to.to_str().unwrap());
    (response.status().as_u16(), to)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_comes_in_and_approves() {
    let mut rig = Rig::start().await;
    rig.change_plan("shop", |plan| plan["spec"]["on"]["failover"]["approvals"] = json!(1)).await;
    let password = rig.add("eve", Role::Approver).await;
    let eve = rig.browser("eve", &password).await.unwrap();

    // Whatever she opens, she is asked for a password of her own.
    let page = rig.ask(&eve, Method::GET, "/plans?x=1").send().await.unwrap();
    assert_eq!(place(&page), (303, "/account?next=/plans%3Fx%3D1"));
    let data = rig.my(&eve, Method::GET, "/plans", json!(null)).await;
    assert_eq!(refusal(data), refused(403, "password-must-change"));
    let token = rig.my(&eve, Method::POST, "/tokens", json!({"label": "a way round"})).await;
    assert_eq!(refusal(token), refused(403, "password-must-change"));
    let page = rig.ask(&eve, Method::GET, "/account?next=/plans").send().await.unwrap();
    assert!(page.text().await.unwrap().contains("<h1>Choose your password</h1>"));

    let choose = |old: &str, new: &str, again: &str| {
        let body = format!("old={old}&new={new}&again={again}&next=/plans");
        rig.form(&eve, "/account/password", body)
    };
    let other = choose(&password, GOOD, "something else").await;
    assert_eq!(other.status(), 422);
    assert!(other.text().await.unwrap().contains("not the same"));
    let short = choose(&password, "ee", "ee").await;
    assert_eq!(short.status(), 422);
    let short = short.text().await.unwrap();
    for wrong in ["must have at least 12", "fewer than 5 different"] {
        assert!(short.contains(wrong), "{short}");
    }
    assert_eq!(choose("wrong", GOOD, GOOD).await.status(), 401);
    assert_eq!(place(&choose(&password, GOOD, GOOD).await), (303, "/plans"));
    assert_eq!(rig.ask(&eve, Method::GET, "/plans").send().await.unwrap().status(), 200);

    rig.sim("break", json!({"what": "site", "name": "paris"})).await;
    let failover = json!({"plan": "shop", "kind": "failover", "attest": "the power is cut"});
    let (_, asked) = rig.post("/approvals", failover.clone()).await;
    let path = format!("/approvals/{}/approve", asked["id"].as_str().unwrap());
    let digest = json!({"digest": asked["digest"]});
    let (status, given) = rig.my(&eve, Method::POST, &path, digest).await;
    assert_eq!((status, &given["state"]), (StatusCode::OK, &json!("approved")), "{given:#}");
    let run = rig.begin(failover).await;
    rig.ended(run).await;
    let audit = rig.audit().await;
    for entry in ["admin user.create", "eve user.password.change", "eve run.approval.give"] {
        assert!(audit.contains(&entry.to_owned()), "{entry} of {audit:#?}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_signs_in_with_a_password() {
    let mut rig = Rig::start().await;
    let password = rig.add("eve", Role::Approver).await;
    let sign_in = async |password: &str, new: Option<&str>| {
        let body = json!({"user": "eve", "password": password, "newPassword": new});
        answer(rig.http.post(rig.url("/api/v1/sign-in")).json(&body)).await
    };
    assert_eq!(refusal(sign_in(&password, None).await), refused(403, "password-must-change"));
    assert_eq!(refusal(sign_in("wrong", None).await), refused(401, "bad-credentials"));
    assert_eq!(refusal(sign_in(&password, Some("eve")).await), refused(422, "bad-value"));
    let (status, answer) = sign_in(&password, Some(GOOD)).await;
    assert_eq!(status, StatusCode::CREATED, "{answer:#}");
    let eve = As::Token(answer["token"].as_str().unwrap().to_owned());
    let (_, me) = rig.my(&eve, Method::GET, "/me", json!(null)).await;
    assert_eq!((&me["user"], &me["mustChangePassword"]), (&json!("eve"), &json!(false)));
    assert!(me["privileges"].as_array().unwrap().contains(&json!("run.approve")));
    assert_eq!(sign_in(GOOD, None).await.0, StatusCode::CREATED);

    for _ in 0..10 {
        sign_in("wrong", None).await;
    }
    assert_eq!(refusal(sign_in(GOOD, None).await), refused(429, "too-many-attempts"));
    let audit = rig.audit().await;
    assert_eq!(audit.iter().filter(|line| *line == "eve token.create").count(), 2, "{audit:#?}");
    rig.stop().await;
}

/// Each route about users takes the privilege, and of all roles one has it.
#[tokio::test(flavor = "multi_thread")]
async fn only_who_administers_users_does() {
    let mut rig = Rig::start().await;
    let table = crate::routes::table();
    let lines: Vec<_> =
        table.lines().filter(|line| line.path.starts_with("/api/v1/users")).collect();
    assert_eq!(lines.len(), 10);
    let mut who = Vec::new();
    for role in Role::ALL {
        let user = As::Token(rig.user(&format!("the-{role}"), &[*role]).await);
        let mut may = 0;
        for line in &lines {
            assert_eq!(line.access, Access::Needs(Privilege::UserAdmin), "{line}");
            let path = line.path.replace("{name}", "nobody").replace("{id}", "x");
            let method: Method = line.method.to_string().parse().unwrap();
            let request = rig.ask(&user, method, &path).header("if-match", "\"1\"");
            let (status, _) = answer(request.json(&json!({}))).await;
            may += usize::from(status != StatusCode::FORBIDDEN);
        }
        assert!(may == 0 || may == lines.len());
        if may > 0 {
            who.push(role.to_string());
        }
        assert_eq!(rig.my(&user, Method::GET, "/roles", json!(null)).await.0, StatusCode::OK);
    }
    assert_eq!(who, ["administrator"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let mut rig = Rig::start().await;
    let last = refused(409, "last-administrator");
    let disable = async || rig.change(Method::POST, "/users/admin/disable", json!({})).await;
    let demote = json!({"roles": ["auditor"]});
    assert_eq!(refusal(disable().await), last);
    let demoted = rig.change(Method::PUT, "/users/admin/roles", demote.clone()).await;
    assert_eq!(refusal(demoted), last);
    assert_eq!(refusal(rig.change(Method::DELETE, "/users/admin", json!({})).await), last);
    // Somebody who is not let in is nobody.
    rig.add("bob", Role::Administrator).await;
    rig.change(Method::POST, "/users/bob/disable", json!({})).await;
    assert_eq!(refusal(disable().await), last);
    rig.change(Method::POST, "/users/bob/enable", json!({})).await;
    let (status, _) = rig.change(Method::PUT, "/users/admin/roles", demote).await;
    assert_eq!(status, StatusCode::OK);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_meant_for_what_was_read() {
    let mut rig = Rig::start().await;
    rig.add("bob", Role::Auditor).await;
    for (method, path) in [
        (Method::PUT, "/api/v1/users/bob/roles"),
        (Method::POST, "/api/v1/users/bob/disable"),
        (Method::POST, "/api/v1/users/bob/enable"),
        (Method::DELETE, "/api/v1/users/bob"),
    ] {
        let ask =
            || rig.ask(&rig.admin(), method.clone(), path).json(&json!({"roles": ["auditor"]}));
        assert_eq!(refusal(answer(ask()).await), refused(428, "if-match-needed"), "{path}");
        let stale = answer(ask().header("if-match", "\"7\"")).await;
        assert_eq!(refusal(stale), refused(412, "version-mismatch"), "{path}");
    }
    let shown = rig.ask(&rig.admin(), Method::GET, "/api/v1/users/bob").send().await.unwrap();
    assert_eq!(shown.headers()["etag"], "\"1\"", "nothing has happened");
    let nobody = rig.change(Method::DELETE, "/users/nobody", json!({})).await;
    assert_eq!(refusal(nobody), refused(404, "not-found"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_seen_and_ended() {
    let mut rig = Rig::start().await;
    let first = rig.add("eve", Role::Auditor).await;
    let one = rig.browser("eve", &first).await.unwrap();
    let change = json!({"old": first, "new": GOOD});
    assert_eq!(rig.my(&one, Method::POST, "/me/password", change).await.0, StatusCode::OK);
    let (two, three) =
        (rig.browser("eve", GOOD).await.unwrap(), rig.browser("eve", GOOD).await.unwrap());

    let list = async |path: &str, who: &As| rig.my(who, Method::GET, path, json!(null)).await.1;
    let mine = list("/me/sessions", &two).await;
    let mine = mine["items"].as_array().unwrap();
    assert_eq!(mine.len(), 3);
    let here: Vec<&Value> = mine.iter().filter(|one| one["current"] == true).collect();
    assert_eq!((here.len(), &here[0]["address"]), (1, &json!("127.0.0.1")));
    let end = async |who: &As, path: String| rig.my(who, Method::DELETE, &path, json!(null)).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let (status, _) = end(&three, format!("/me/sessions/{}", id(here[0]))).await;
    assert_eq!((status, rig.is_in(&two).await), (StatusCode::OK, false));

    // Nobody ends, or sees, somebody else's as their own.
    let left = list("/users/eve/sessions", &rig.admin()).await;
    let left: Vec<String> = left["items"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(left.len(), 2);
    let strange = end(&rig.admin(), format!("/me/sessions/{}", left[0])).await;
    assert_eq!(refusal(strange), refused(404, "not-found"));
    for id in &left {
        end(&rig.admin(), format!("/users/eve/sessions/{id}")).await;
    }
    assert!(!rig.is_in(&one).await && !rig.is_in(&three).await);

    // A new password ends the others; a reset ends all, and a token goes on.
    let (one, two) =
        (rig.browser("eve", GOOD).await.unwrap(), rig.browser("eve", GOOD).await.unwrap());
    let change = json!({"old": GOOD, "new": "other words of mine"});
    assert_eq!(rig.my(&one, Method::POST, "/me/password", change).await.0, StatusCode::OK);
    assert!(rig.is_in(&one).await && !rig.is_in(&two).await);
    let token = As::Token(rig.app().auth.issue_token("eve", "nightly").await.unwrap());
    let (_, reset) = rig.post("/users/eve/reset-password", json!({})).await;
    assert!(!rig.is_in(&one).await && rig.is_in(&token).await);
    assert!(rig.browser("eve", "other words of mine").await.is_none());
    let again = rig.browser("eve", reset["password"].as_str().unwrap()).await.unwrap();
    rig.change(Method::POST, "/users/eve/disable", json!({})).await;
    assert!(!rig.is_in(&again).await && !rig.is_in(&token).await);
    let audit = rig.audit().await;
    for entry in
        ["eve session.end", "admin session.end", "admin user.password.reset", "admin user.disable"]
    {
        assert!(audit.contains(&entry.to_owned()), "{entry} of {audit:#?}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_said_at_once() {
    let mut rig = Rig::start().await;
    let pointers = |(status, problem): (StatusCode, Value)| {
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let each = errors.iter().map(|one| format!("{} {}", one["pointer"], one["code"]));
        format!("{status}: {}", each.collect::<Vec<_>>().join(", ")).replace('"', "")
    };
    let user = json!({"name": "no name", "roles": ["auditor", "root", "auditor"]});
    assert_eq!(
        pointers(rig.post("/users", user).await),
        "422 Unprocessable Entity: /name bad-name, /roles/1 unknown-role, /roles/2 role-twice"
    );
    let roles = rig.change(Method::PUT, "/users/admin/roles", json!({"roles": []})).await;
    assert_eq!(pointers(roles), "422 Unprocessable Entity: /roles no-role");
    assert_eq!(
        pointers(rig.post("/me/password", json!({"old": "admin", "new": "admin"})).await),
        "422 Unprocessable Entity: /new password-too-short, /new password-holds-name, /new password-not-new"
    );
    let taken = rig.post("/users", json!({"name": "admin", "roles": ["auditor"]})).await;
    assert_eq!(refusal(taken), refused(409, "already-exists"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_history_needs_is_kept() {
    let mut rig = Rig::start().await;
    let (_, bob) = (rig.add("bob", Role::Auditor).await, rig.add("eve", Role::Auditor).await);
    let eve = rig.browser("eve", &bob).await.unwrap();
    rig.my(&eve, Method::POST, "/me/password", json!({"old": bob, "new": GOOD})).await;

    let (_, gone) = rig.change(Method::DELETE, "/users/bob", json!({})).await;
    assert_eq!(gone["outcome"], "deleted", "{gone:#}");
    let (status, gone) = rig.change(Method::DELETE, "/users/eve", json!({})).await;
    assert_eq!((status, &gone["outcome"]), (StatusCode::OK, &json!("disabled")), "{gone:#}");
    assert!(gone["why"].as_str().unwrap().contains("audit trail"));
    assert!(!rig.is_in(&eve).await && rig.browser("eve", GOOD).await.is_none());

    let (_, list) = rig.get("/users?limit=1").await;
    assert_eq!(list["items"][0]["name"], "admin");
    let next = list["nextCursor"].as_str().unwrap();
    let (_, list) = rig.get(&format!("/users?limit=1&cursor={next}")).await;
    assert_eq!((&list["items"][0]["name"], &list["nextCursor"]), (&json!("eve"), &json!(null)));
    assert_eq!(list["items"][0]["disabled"], true);
    let taken = rig.post("/users", json!({"name": "eve", "roles": ["auditor"]})).await;
    assert_eq!(refusal(taken), refused(409, "already-exists"));
    rig.add("bob", Role::Approver).await;
    rig.stop().await;
}
