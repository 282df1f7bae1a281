//! Who is let in, and who no longer is.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use muster_engine::Clock;
use muster_plans::run::RunKind;
use muster_plans::time::{Span, Time};
use muster_store::{Options, Store, Token, User};

use super::*;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct Hand(AtomicI64);

impl Hand {
    pub(crate) fn new() -> Arc<Hand> {
        Arc::new(Hand(AtomicI64::new(1_700_000_000_000)))
    }

    pub(crate) fn on(&self, span: Span) {
        self.0.fetch_add(i64::try_from(span.0).unwrap(), Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::Relaxed))
    }
    fn steady(&self) -> Span {
        self.now().since(Time(0))
    }
    async fn sleep(&self, span: Span) {
        self.on(span);
    }
}

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

pub(crate) async fn open(clock: &Arc<Hand>) -> (Auth, FirstUser) {
    open_at(clock, "http://127.0.0.1:8080").await
}

async fn open_at(clock: &Arc<Hand>, url: &str) -> (Auth, FirstUser) {
    let store = Store::open(":memory:", Options::default()).await.unwrap();
    let (auth, first) = Auth::open(store, clock.clone(), url).await.unwrap();
    (auth, first.unwrap())
}

/// A user with these roles; answers their one-time password.
pub(crate) async fn make(auth: &Auth, name: &str, roles: &[Role]) -> String {
    auth.create_user(name, &names(roles), Vec::new()).await.unwrap().1
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(ToString::to_string).collect()
}

/// Lets somebody in no longer, or again.
pub(crate) async fn disable(auth: &Auth, name: &str, disabled: bool) -> Result<User, AuthError> {
    let user = auth.user(name).await.unwrap();
    auth.set_disabled(user, disabled, Vec::new()).await
}

async fn give(auth: &Auth, name: &str, roles: &[Role]) -> Result<User, AuthError> {
    let user = auth.user(name).await.unwrap();
    auth.set_roles(user, &names(roles), Vec::new()).await
}

async fn change(auth: &Auth, who: &Principal, old: &str, new: &str) -> Result<User, AuthError> {
    auth.change_password(who, (old, new), HERE, Vec::new()).await
}

/// The session's id in a `Set-Cookie` header.
pub(crate) fn session(signed_in: &SignedIn) -> String {
    let pair = signed_in.set_cookie.split(';').next().unwrap();
    pair.split_once('=').unwrap().1.to_owned()
}

fn new(user: &str, scopes: Option<&[&str]>, now: Time) -> NewToken {
    let scopes = scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let (user, label) = (user.to_owned(), String::from("ci"));
    NewToken { user, label, scopes, expires_at: Some(now + Span::mins(60)) }
}

async fn token(auth: &Auth, user: &str, scopes: Option<&[&str]>) -> (Token, String) {
    auth.make_token(new(user, scopes, auth.now())).await.unwrap()
}

async fn sign_in(auth: &Auth, first: &FirstUser) -> SignedIn {
    auth.sign_in(&first.name, &first.password, HERE, None).await.unwrap()
}

#[tokio::test]
async fn the_first_start_makes_one_administrator() {
    let (auth, first) = open(&Hand::new()).await;
    let signed_in = sign_in(&auth, &first).await;
    assert_eq!(signed_in.principal.roles, ["administrator", "recovery-admin"]);
    assert!(signed_in.principal.one_time);
    for privilege in Privilege::ALL {
        assert!(signed_in.principal.may(*privilege), "{privilege}");
    }
    assert!(!format!("{first:?}").contains(&first.password), "a password reaches no log");
    let again = Auth::open(auth.store().clone(), Hand::new(), "http://x").await.unwrap().1;
    assert!(again.is_none());
}

#[tokio::test]
async fn two_installations_share_no_secret() {
    let (_, one) = open(&Hand::new()).await;
    let (other, two) = open(&Hand::new()).await;
    assert_ne!(one.password, two.password);
    let wrong = other.sign_in(&one.name, &one.password, HERE, None).await;
    assert!(matches!(wrong, Err(AuthError::BadCredentials)));
}

#[tokio::test]
async fn a_session_ends_by_time() {
    let clock = Hand::new();
    let (auth, first) = open(&clock).await;
    let id = session(&sign_in(&auth, &first).await);
    for _ in 0..3 {
        clock.on(Span::mins(7 * 60));
        assert!(auth.by_session(&id).await.unwrap().is_some(), "it was used within eight hours");
    }
    clock.on(Span::mins(3 * 60));
    assert!(auth.by_session(&id).await.unwrap().is_none(), "a day is over");

    let id = session(&sign_in(&auth, &first).await);
    clock.on(Span::mins(8 * 60));
    assert!(auth.by_session(&id).await.unwrap().is_none(), "nobody used it");
    assert_eq!(auth.purge().await.unwrap(), 2);
}

#[tokio::test]
async fn signing_in_renews_the_session_and_signing_out_ends_it() {
    let (auth, first) = open(&Hand::new()).await;
    let old = session(&sign_in(&auth, &first).await);
    let again = auth.sign_in("admin", &first.password, HERE, Some(&old)).await.unwrap();
    let new = session(&again);
    assert_ne!(old, new);
    assert!(auth.by_session(&old).await.unwrap().is_none());
    let who = auth.by_session(&new).await.unwrap().unwrap();
    assert!(auth.still(&who).await.unwrap().is_some());
    assert!(auth.sign_out(&who).await.unwrap().contains("Max-Age=0"));
    assert!(auth.by_session(&new).await.unwrap().is_none());
    assert!(auth.still(&who).await.unwrap().is_none());
    assert!(auth.by_session("").await.unwrap().is_none());
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_and_other_sites() {
    let (plain, first) = open(&Hand::new()).await;
    let cookie = sign_in(&plain, &first).await.set_cookie;
    let (_, attributes) = cookie.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; Max-Age=86400; HttpOnly; SameSite=Strict");
    let (secure, first) = open_at(&Hand::new(), "https://muster.example").await;
    let cookie = sign_in(&secure, &first).await.set_cookie;
    assert!(cookie.starts_with("__Host-muster=") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(secure.session_in("a=b; __Host-muster=xyz"), Some("xyz"));
    assert_eq!(secure.session_in("muster=planted; a__Host-muster=1; b=__Host-muster"), None);
}

#[tokio::test]
async fn what_was_granted_is_read_each_time() {
    let (auth, _) = open(&Hand::new()).await;
    let password = make(&auth, "bob", &[Role::RecoveryAdmin]).await;
    let signed_in = auth.sign_in("bob", &password, HERE, None).await.unwrap();
    let (token, id) = (token(&auth, "bob", None).await.1, session(&signed_in));
    assert!(auth.by_token(&token).await.unwrap().unwrap().may(Privilege::RunFailover));

    give(&auth, "bob", &[Role::TestAdmin]).await.unwrap();
    for who in [auth.by_token(&token).await.unwrap(), auth.by_session(&id).await.unwrap()] {
        let who = who.unwrap();
        assert!(who.may(Privilege::RunTest) && !who.may(Privilege::RunFailover));
    }
    disable(&auth, "bob", true).await.unwrap();
    assert!(auth.by_token(&token).await.unwrap().is_none());
    assert!(auth.by_session(&id).await.unwrap().is_none());
    let out = auth.sign_in("bob", &password, HERE, None).await;
    assert!(matches!(out, Err(AuthError::BadCredentials)));
}

#[tokio::test]
async fn tokens_do_no_more_than_their_user_and_their_scopes() {
    let clock = Hand::new();
    let (auth, first) = open(&clock).await;
    make(&auth, "bob", &[Role::TestAdmin]).await;
    let (row, text) = token(&auth, "bob", Some(&["test-admin", "recovery-admin"])).await;
    let who = auth.by_token(&text).await.unwrap().unwrap();
    assert_eq!(who.privileges, Role::TestAdmin.privileges());
    assert_eq!((who.user.as_str(), who.via.to_string()), ("bob", format!("token {}", row.id)));
    let (_, narrow) = token(&auth, "admin", Some(&["auditor"])).await;
    let narrow = auth.by_token(&narrow).await.unwrap().unwrap();
    assert!(narrow.may(Privilege::AuditRead) && !narrow.may(Privilege::UserAdmin));

    let root = auth.make_token(new("bob", Some(&["root"]), auth.now())).await;
    assert!(matches!(root, Err(AuthError::UnknownRole { .. })));
    assert!(matches!(auth.issue_token("eve", "x").await, Err(AuthError::NotFound(_))));
    for wrong in ["", "mst_", "mst__", &text[..text.len() - 1], &text.replace("mst_", "mts_")] {
        assert!(auth.by_token(wrong).await.unwrap().is_none(), "{wrong}");
    }
    let bob = auth.by_token(&text).await.unwrap().unwrap();
    let (other, _) = token(&auth, "admin", Some(&["auditor"])).await;
    assert!(matches!(auth.revoke_token(&bob, &other.id).await, Err(AuthError::NotFound(_))));
    let admin = sign_in(&auth, &first).await.principal;
    auth.revoke_token(&admin, &row.id).await.unwrap();
    assert!(auth.by_token(&text).await.unwrap().is_none());

    let (_, text) = token(&auth, "bob", Some(&["test-admin"])).await;
    clock.on(Span::mins(60));
    assert!(auth.by_token(&text).await.unwrap().is_none(), "it has ended");
}

#[tokio::test]
async fn a_token_makes_no_token_that_may_more_than_itself() {
    let clock = Hand::new();
    let (auth, _) = open(&clock).await;
    let ends = auth.now() + Span::mins(60);
    let (_, text) = token(&auth, "admin", Some(&["auditor", "test-admin"])).await;
    let who = auth.by_token(&text).await.unwrap().unwrap();
    let blank = NewToken { user: "admin".to_owned(), ..NewToken::default() };

    let (like, _) = auth.make_own_token(&who, blank.clone()).await.unwrap();
    assert_eq!(like.scopes, Some(vec!["auditor".to_owned(), "test-admin".to_owned()]));
    assert_eq!(like.expires_at, Some(ends));
    let (less, _) =
        auth.make_own_token(&who, new("admin", Some(&["auditor"]), auth.now())).await.unwrap();
    assert_eq!(less.scopes, Some(vec!["auditor".to_owned()]));

    let wider = auth
        .make_own_token(&who, new("admin", Some(&["auditor", "administrator"]), auth.now()))
        .await;
    let said = wider.unwrap_err().to_string();
    assert!(said.ends_with("the scopes administrator (it has auditor, test-admin)"), "{said}");
    let longer = NewToken { expires_at: Some(ends + Span::mins(1)), ..blank };
    assert!(matches!(auth.make_own_token(&who, longer).await, Err(AuthError::WiderToken(_))));
}

#[tokio::test]
async fn guessing_is_stopped_and_tells_nothing() {
    let clock = Hand::new();
    let (auth, first) = open(&clock).await;
    for _ in 0..5 {
        for user in ["admin", "nobody"] {
            let error = auth.sign_in(user, "wrong", HERE, None).await.unwrap_err();
            assert_eq!(error.to_string(), "this user and password do not match");
        }
    }
    for _ in 0..5 {
        let _ = auth.sign_in("admin", "wrong", HERE, None).await;
    }
    let error = auth.sign_in("admin", &first.password, HERE, None).await.unwrap_err();
    assert!(matches!(error, AuthError::TooManyFailures { seconds: 900 }), "{error}");
    clock.on(Span::mins(15));
    sign_in(&auth, &first).await;
}

#[tokio::test]
async fn passwords_are_changed_by_who_knows_the_old_one() {
    let (auth, first) = open(&Hand::new()).await;
    let signed_in = sign_in(&auth, &first).await;
    let who = &signed_in.principal;
    let again = session(&sign_in(&auth, &first).await);
    let short = change(&auth, who, &first.password, "too short").await.unwrap_err();
    assert!(matches!(short, AuthError::Faults(_)), "{short}");
    let wrong = change(&auth, who, "wrong", "a good new password").await;
    assert!(matches!(wrong, Err(AuthError::BadCredentials)));
    change(&auth, who, &first.password, "a good new password").await.unwrap();
    let here = auth.by_session(&session(&signed_in)).await.unwrap().unwrap();
    assert!(!here.one_time, "this session goes on, and is good for everything");
    assert!(auth.by_session(&again).await.unwrap().is_none(), "the others have ended");
    assert!(auth.sign_in("admin", &first.password, HERE, None).await.is_err());
    let again = auth.sign_in("admin", "a good new password", HERE, None).await.unwrap();
    assert!(!again.principal.one_time);

    let admin = auth.user("admin").await.unwrap();
    let (_, reset) = auth.reset_password(admin, Vec::new()).await.unwrap();
    assert!(auth.by_session(&session(&again)).await.unwrap().is_none());
    assert!(auth.sign_in("admin", &reset, HERE, None).await.unwrap().principal.one_time);
}

/// Whoever sits at an open session cannot try old passwords for as long as they like.
#[tokio::test]
async fn guessing_the_old_password_is_guessing() {
    let (auth, first) = open(&Hand::new()).await;
    let who = sign_in(&auth, &first).await.principal;
    for _ in 0..10 {
        let wrong = change(&auth, &who, "wrong", "a good new password").await;
        assert!(matches!(wrong, Err(AuthError::BadCredentials)));
    }
    let stopped = change(&auth, &who, &first.password, "a good new password").await;
    assert!(matches!(stopped, Err(AuthError::TooManyFailures { .. })));
    let stopped = auth.by_password("admin", (&first.password, None), HERE, Vec::new()).await;
    assert!(matches!(stopped, Err(AuthError::TooManyFailures { .. })), "it is one count");
}

#[tokio::test]
async fn a_program_does_not_get_past_a_one_time_password() {
    let (auth, first) = open(&Hand::new()).await;
    let enter = async |old: &str, new: Option<&str>| {
        auth.by_password("admin", (old, new), HERE, Vec::new()).await
    };
    assert!(matches!(enter(&first.password, None).await, Err(AuthError::ChooseFirst)));
    assert!(
        matches!(enter("wrong", None).await, Err(AuthError::BadCredentials)),
        "nothing is told"
    );
    assert!(matches!(enter(&first.password, Some("short")).await, Err(AuthError::Faults(_))));
    let new = "a good new password";
    assert!(!enter(&first.password, Some(new)).await.unwrap().one_time);
    assert!(enter(new, None).await.is_ok());
    assert!(matches!(enter(&first.password, None).await, Err(AuthError::BadCredentials)));
}

#[tokio::test]
async fn somebody_stays_who_administers() {
    let (auth, _) = open(&Hand::new()).await;
    let is_last = |answer| matches!(answer, Err(AuthError::LastAdministrator(_)));
    make(&auth, "eve", &[Role::Auditor]).await;
    make(&auth, "off", &[Role::Administrator]).await;
    disable(&auth, "off", true).await.unwrap();
    let admin = async || auth.user("admin").await.unwrap();
    assert!(is_last(give(&auth, "admin", &[Role::Auditor]).await));
    assert!(is_last(disable(&auth, "admin", true).await));
    assert!(is_last(auth.retire_user(admin().await, Vec::new()).await));
    assert!(auth.remove_user(&admin().await, Vec::new()).await.is_err());
    assert_eq!(admin().await.version, 1, "nothing has happened");

    make(&auth, "bob", &[Role::Administrator]).await;
    // Each of two changes at once would leave the other's administrator.
    let (one, two) =
        tokio::join!(give(&auth, "admin", &[Role::Auditor]), give(&auth, "bob", &[Role::Auditor]));
    assert!(one.is_ok() != two.is_ok());
    let faults = auth.create_user("-x", &[String::from("root")], Vec::new()).await.unwrap_err();
    let AuthError::Faults(faults) = faults else { panic!("{faults}") };
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[tokio::test]
async fn who_is_taken_away_comes_back_with_nothing() {
    let (auth, _) = open(&Hand::new()).await;
    let password = make(&auth, "bob", &[Role::TestAdmin]).await;
    let (_, text) = token(&auth, "bob", None).await;
    let bob = auth.user("bob").await.unwrap();
    auth.retire_user(bob, Vec::new()).await.unwrap();
    disable(&auth, "bob", false).await.unwrap();
    assert!(auth.by_token(&text).await.unwrap().is_none());
    assert!(auth.sign_in("bob", &password, HERE, None).await.is_err());
    let bob = auth.user("bob").await.unwrap();
    auth.remove_user(&bob, Vec::new()).await.unwrap();
    make(&auth, "bob", &[Role::TestAdmin]).await;
    assert!(auth.by_token(&text).await.unwrap().is_none());
}

#[tokio::test]
async fn who_may_test_steers_tests_only() {
    let (auth, first) = open(&Hand::new()).await;
    let all = sign_in(&auth, &first).await.principal;
    let test = Principal { privileges: Role::TestAdmin.privileges(), ..all.clone() };
    for kind in [RunKind::Test, RunKind::Cleanup] {
        assert!(test.may_steer(Privilege::RunCancel, kind));
        assert!(!test.may_steer(Privilege::RunAttest, kind));
    }
    for kind in [RunKind::Failover, RunKind::PlannedMigration, RunKind::Reprotect] {
        assert!(!test.may_steer(Privilege::RunCancel, kind), "{kind}");
        assert!(all.may_steer(Privilege::RunCancel, kind), "{kind}");
    }
}
