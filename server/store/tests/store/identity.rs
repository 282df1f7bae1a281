//! Users, sessions and tokens.

use muster_plans::time::{Span, Time};
use muster_store::{Along, EndSessions, Error, Session, Store, Token, User};

use crate::Factory;
use crate::make::NOW;

fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        password_hash: Some(String::from("$argon2id$...")),
        one_time: true,
        roles: vec![String::from("administrator"), String::from("auditor")],
        disabled: false,
        created_at: NOW,
        changed_at: NOW,
        version: 1,
    }
}

async fn with_alice(store: &Store) {
    store.users().create(&user("alice"), Vec::new()).await.unwrap();
}

pub(crate) async fn users_are_changed_from_the_version_that_was_read(db: impl Factory) {
    let store = db.open().await;
    assert_eq!(store.users().count().await.unwrap(), 0);
    with_alice(&store).await;
    assert!(matches!(
        store.users().create(&user("alice"), Vec::new()).await,
        Err(Error::Exists(_))
    ));
    let mut alice = store.users().get("alice").await.unwrap().unwrap();
    assert_eq!(alice, user("alice"));
    alice.disabled = true;
    alice.roles = Vec::new();
    assert_eq!(store.users().update(&alice, Along::default()).await.unwrap(), 2);
    let late = store.users().update(&alice, Along::default()).await.unwrap_err();
    assert!(matches!(late, Error::Conflict { expected: 1, found: Some(2), .. }));
    let nobody = store.users().update(&user("bob"), Along::default()).await.unwrap_err();
    assert!(matches!(nobody, Error::Conflict { found: None, .. }));
    assert_eq!(store.users().all().await.unwrap(), [User { version: 2, ..alice }]);
    assert!(!format!("{:?}", user("alice")).contains("argon2"), "the hash does not reach logs");
}

fn session(digest: &str, idle: Time, end: Time) -> Session {
    Session {
        digest: digest.to_owned(),
        user: String::from("alice"),
        created_at: NOW,
        last_seen: NOW,
        idle_expires_at: idle,
        expires_at: end,
        address: Some(String::from("192.0.2.7")),
    }
}

pub(crate) async fn sessions_end(db: impl Factory) {
    let store = db.open().await;
    with_alice(&store).await;
    let (soon, later) = (NOW + Span::mins(1), NOW + Span::mins(9));
    for (digest, idle, end) in [("a", soon, later), ("b", later, later), ("c", later, soon)] {
        store.sessions().create(&session(digest, idle, end)).await.unwrap();
    }
    let found = store.sessions().find("a").await.unwrap().unwrap();
    assert_eq!(found, session("a", soon, later));
    assert!(found.is_live(NOW) && !found.is_live(soon));

    store.sessions().touch("a", NOW + Span::secs(5), later).await.unwrap();
    assert_eq!(store.sessions().purge(soon).await.unwrap(), 1, "c is over");
    assert_eq!(store.sessions().of_user("alice").await.unwrap().len(), 2);
    store.sessions().delete("a").await.unwrap();
    assert_eq!(store.sessions().find("a").await.unwrap(), None);
    let stray = Session { user: String::from("nobody"), ..session("d", later, later) };
    assert!(store.sessions().create(&stray).await.is_err(), "a session has a user");
}

pub(crate) async fn tokens_are_revoked(db: impl Factory) {
    let store = db.open().await;
    with_alice(&store).await;
    let token = Token {
        id: String::from("t1"),
        digest: String::from("hash"),
        user: String::from("alice"),
        label: String::from("nightly test"),
        scopes: Some(vec![String::from("test-admin")]),
        created_at: NOW,
        expires_at: Some(NOW + Span::mins(5)),
        last_used: None,
        revoked_at: None,
    };
    store.tokens().create(&token).await.unwrap();
    assert!(matches!(store.tokens().create(&token).await, Err(Error::Exists(_))));
    assert!(token.is_live(NOW) && !token.is_live(NOW + Span::mins(5)));
    store.tokens().touch("t1", NOW + Span::secs(1)).await.unwrap();
    store.tokens().revoke("t1", NOW + Span::secs(2)).await.unwrap();
    let after = store.tokens().find("t1").await.unwrap().unwrap();
    assert!(!after.is_live(NOW));
    let expected = Token {
        last_used: Some(NOW + Span::secs(1)),
        revoked_at: Some(NOW + Span::secs(2)),
        ..token
    };
    assert_eq!(store.tokens().list(Some("alice")).await.unwrap(), [expected]);
    assert_eq!(store.tokens().list(Some("bob")).await.unwrap(), []);
    assert!(matches!(store.tokens().revoke("t9", NOW).await, Err(Error::NotFound(_))));
}

/// What goes along with a change is done with it, or none of it is.
pub(crate) async fn changes_of_users_are_whole(db: impl Factory) {
    let store = db.open().await;
    with_alice(&store).await;
    let later = NOW + Span::mins(9);
    for digest in ["a", "b", "c"] {
        store.sessions().create(&session(digest, later, later)).await.unwrap();
    }
    let left = async || store.sessions().of_user("alice").await.unwrap().len();
    let some = |sessions| Along { sessions, ..Along::default() };
    let alice = store.users().get("alice").await.unwrap().unwrap();
    store.users().update(&alice, some(EndSessions::AllBut(String::from("b")))).await.unwrap();
    assert_eq!(left().await, 1);

    let alice = store.users().get("alice").await.unwrap().unwrap();
    let gone = User { disabled: true, ..alice.clone() };
    let last = |sessions| Along { must_stay: Some(|user| !user.disabled), ..some(sessions) };
    let refused = store.users().update(&gone, last(EndSessions::All)).await;
    assert!(matches!(refused, Err(Error::NobodyLeft(_))));
    let refused = store.users().remove(&alice, last(EndSessions::None)).await;
    assert!(matches!(refused, Err(Error::NobodyLeft(_))));
    assert_eq!(
        store.users().all().await.unwrap(),
        std::slice::from_ref(&alice),
        "nothing has happened"
    );
    assert_eq!(left().await, 1);

    store.users().create(&user("bob"), Vec::new()).await.unwrap();
    let early = store.users().remove(&user("alice"), last(EndSessions::None)).await;
    assert!(matches!(early, Err(Error::Conflict { expected: 1, found: Some(2), .. })));
    store.users().remove(&alice, last(EndSessions::None)).await.unwrap();
    assert_eq!((left().await, store.users().get("alice").await.unwrap()), (0, None));
}
