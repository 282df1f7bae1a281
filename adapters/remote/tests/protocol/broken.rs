//! An answer that does not come, or is none: never a guess.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::common::{
    Scripted, bubble, context, listen, listen_killable, op_id, remote, remote_with,
};
use muster_adapter_remote::client::{RemoteError, RemoteOptions, RemoteSite};
use muster_adapter_remote::serve::{ServeOptions, router};
use muster_contract::{ErrorClass, OpStatus, Outcome, Receipt, SiteAdapter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Answers everything with the same bytes and hangs up.
async fn parrot(answer: &'static [u8]) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            // The request has left the client before the connection ends.
            let mut request = vec![0; 64 * 1024];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(answer).await;
        }
    });
    (address, tasks)
}

async fn asked(address: &str) -> (Outcome<Receipt>, ErrorClass) {
    let remote = remote(address);
    let outcome = remote.execute(&context(1), &bubble("b-1")).await;
    (outcome, remote.inventory().await.unwrap_err().class)
}

#[tokio::test]
async fn answers_that_are_none_leave_the_outcome_open() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for (answer, class) in [
        (String::new(), ErrorClass::Retry),
        ("it is going well".to_owned(), ErrorClass::Retry),
        (format!("{ok}content-length: 900\r\n\r\n{{\"done\":"), ErrorClass::Retry),
        (format!("{ok}content-length: 9\r\n\r\n{{\"done\":1"), ErrorClass::Bug),
        (format!("{ok}content-length: 2\r\n\r\n{{}}"), ErrorClass::Bug),
        ("HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n".to_owned(), ErrorClass::Bug),
        ("HTTP/1.1 502 X\r\ncontent-length: 0\r\n\r\n".to_owned(), ErrorClass::Retry),
        ("HTTP/1.1 503 X\r\ncontent-length: 5\r\n\r\nlater".to_owned(), ErrorClass::Retry),
        ("HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n".to_owned(), ErrorClass::Bug),
        (
            "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
            ErrorClass::Bug,
        ),
    ] {
        let (address, _tasks) = parrot(answer.clone().leak().as_bytes()).await;
        let (outcome, found) = asked(&address).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{answer}: {outcome:?}");
        assert_eq!(found, class, "{answer}");
    }
}

#[tokio::test]
async fn nobody_listening_is_unknown_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (outcome, class) = asked(&address).await;
    let Outcome::Unknown(hint) = outcome else { panic!("{outcome:?}") };
    assert!(hint.message.starts_with("the agent of site `paris` is out of reach"), "{hint:?}");
    assert_eq!(class, ErrorClass::Retry);
}

#[tokio::test]
async fn an_agent_killed_while_it_works_leaves_the_outcome_open() {
    let site = Scripted::new("paris");
    site.gated.store(true, Ordering::SeqCst);
    let (address, server) = listen_killable(router(site.clone(), ServeOptions::default()));
    let remote = remote(&address);
    let (ctx, op) = (context(1), bubble("b-1"));
    let kill = async {
        while site.entered.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        server.shutdown_background();
    };
    let (outcome, ()) = tokio::join!(remote.execute(&ctx, &op), kill);
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_operation_goes_on_when_the_caller_hangs_up() {
    let site = Scripted::new("paris");
    site.gated.store(true, Ordering::SeqCst);
    let (address, _tasks) = listen(router(site.clone(), ServeOptions::default())).await;
    let remote = remote_with(&address, |options| options.slack = Duration::ZERO);
    let mut ctx = context(1);
    // 50 ms from now, by the clock that the client was given.
    ctx.deadline = crate::common::NOON + muster_plans::time::Span(50);
    let outcome = remote.execute(&ctx, &bubble("b-1")).await;
    let Outcome::Unknown(hint) = outcome else { panic!("{outcome:?}") };
    assert_eq!(hint.message, "the agent of site `paris` did not answer in time");
    site.gate.add_permits(1);
    while remote.operation(&op_id(1)).await == Ok(OpStatus::NotKnown) {
        tokio::task::yield_now().await;
    }
    let ended = OpStatus::Ended(Outcome::Done(Receipt::default()));
    assert_eq!(remote.operation(&op_id(1)).await, Ok(ended));
}

#[tokio::test]
async fn a_panic_in_the_adapter_is_an_open_outcome() {
    let site = Scripted::new("paris");
    site.panics.store(true, Ordering::SeqCst);
    let (address, _tasks) = listen(router(site, ServeOptions::default())).await;
    let outcome = remote(&address).execute(&context(1), &bubble("b-1")).await;
    let wanted = Outcome::unknown("the agent was cut off while it worked on this");
    assert_eq!(outcome, wanted);
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let site = Scripted::new("paris");
    let (address, _tasks) = listen(router(site, ServeOptions::default())).await;
    let remote = remote_with(&address, |options| options.response_limit = 100);
    let error = remote.inventory().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Bug);
    assert!(error.message.ends_with("it has more than 100 bytes"), "{error}");
}

#[test]
fn addresses_are_checked() {
    let made = |address: &str| {
        RemoteSite::new("paris".into(), address, RemoteOptions::new(crate::common::noon()))
            .map(|_| ())
    };
    for address in ["http://127.0.0.1:7000", "https://paris.example:7443/sites/paris/"] {
        assert!(made(address).is_ok(), "{address}");
    }
    for address in
        ["", "paris:7000", "ftp://paris/", "http://u:p@paris/", "http://paris/?a=1", "http://a/#b"]
    {
        assert!(matches!(made(address), Err(RemoteError::Address(_))), "{address}");
    }
}
