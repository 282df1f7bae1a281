//! A daemon that is played, at the other end of a pipe.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::frame::{Frame, KEEPALIVE, Kind, REMOTE, Status, codec};
use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

struct Daemon(Framed<DuplexStream, LengthDelimitedCodec>);

impl Daemon {
    fn start() -> (Connection, Daemon) {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        (Connection::over(Box::new(ours)), Daemon(Framed::new(theirs, codec())))
    }

    async fn takes(&mut self) -> Frame {
        Frame::decode(self.0.next().await.unwrap().unwrap().freeze()).unwrap()
    }

    async fn sends(&mut self, frame: Frame) {
        self.0.send(frame.encode()).await.unwrap();
    }

    async fn answers(&mut self, call: &Frame, status: Status, body: Vec<u8>) {
        let body = Bytes::from(body);
        self.sends(Frame { kind: Kind::Reply, status, body, ..call.clone() }).await;
    }
}

fn xdr(text: &str) -> Vec<u8> {
    libvirt_xdr::to_bytes(&text).unwrap()
}

fn refusal(code: i32, message: &str) -> Vec<u8> {
    let none = || None::<String>;
    let wire = (code, 10, Some(message), 2, None::<()>, none(), none(), none(), 0, 0, None::<()>);
    libvirt_xdr::to_bytes(&wire).unwrap()
}

#[tokio::test]
async fn answers_come_to_those_who_asked_in_any_order() {
    let (connection, mut daemon) = Daemon::start();
    let (a, b) = (GetHostname {}, GetCapabilities {});
    let both = async { tokio::join!(connection.call(&a, PATIENCE), connection.call(&b, PATIENCE)) };
    let played = async {
        let (first, second) = (daemon.takes().await, daemon.takes().await);
        assert_eq!((first.procedure, second.procedure), (59, 7));
        daemon.answers(&second, Status::Ok, xdr("<capabilities/>")).await;
        daemon.answers(&first, Status::Ok, xdr("kvm-1")).await;
    };
    let ((name, able), ()) = tokio::join!(both, played);
    assert_eq!(
        (name.unwrap().text.as_str(), able.unwrap().text.as_str()),
        ("kvm-1", "<capabilities/>")
    );
}

#[tokio::test]
async fn a_refusal_is_told_with_its_number() {
    let (connection, mut daemon) = Daemon::start();
    let played = async {
        let call = daemon.takes().await;
        daemon.answers(&call, Status::Error, refusal(code::NO_DOMAIN, "no such domain")).await;
    };
    let (answer, ()) = tokio::join!(connection.call(&GetHostname {}, PATIENCE), played);
    let error = answer.unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (Some(42), "no such domain"));
}

#[tokio::test]
async fn whether_a_call_has_left_is_known() {
    let (connection, mut daemon) = Daemon::start();
    let mut told = connection.listen();
    let played = async {
        daemon.takes().await;
        drop(daemon);
    };
    let (answer, ()) = tokio::join!(connection.call(&GetHostname {}, PATIENCE), played);
    assert!(matches!(answer, Err(CallError::Lost(_))), "{answer:?}");
    assert_eq!(told.recv().await, Ok(Told::Ended));
    let later = connection.call(&GetHostname {}, PATIENCE).await;
    assert!(matches!(later, Err(CallError::NotSent(_))), "{later:?}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_leaves_the_outcome_unknown() {
    let (connection, mut daemon) = Daemon::start();
    let (answer, call) = tokio::join!(connection.call(&GetHostname {}, PATIENCE), daemon.takes());
    assert!(matches!(answer, Err(CallError::Lost(_))), "{answer:?}");
    // What comes too late disturbs nobody.
    daemon.answers(&call, Status::Ok, xdr("kvm-1")).await;
    let played = async {
        let call = daemon.takes().await;
        daemon.answers(&call, Status::Ok, xdr("kvm-2")).await;
    };
    let (answer, ()) = tokio::join!(connection.call(&GetHostname {}, PATIENCE), played);
    assert_eq!(answer.unwrap().text, "kvm-2");
}

#[tokio::test(start_paused = true)]
async fn no_more_is_asked_at_once_than_a_daemon_reads() {
    let (connection, mut daemon) = Daemon::start();
    let (call, long) = (GetHostname {}, Duration::from_secs(600));
    let all = futures_util::future::join_all((0..20).map(|_| connection.call(&call, long)));
    let played = async {
        let mut open = Vec::new();
        for _ in 0..20 {
            if open.len() == 4 {
                let more = tokio::time::timeout(Duration::from_secs(1), daemon.takes()).await;
                assert!(more.is_err(), "a fifth one");
                let first: Frame = open.remove(0);
                daemon.answers(&first, Status::Ok, xdr("kvm-1")).await;
            }
            open.push(daemon.takes().await);
        }
        for call in open {
            daemon.answers(&call, Status::Ok, xdr("kvm-1")).await;
        }
    };
    let (answers, ()) = tokio::join!(all, played);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

#[tokio::test]
async fn nonsense_ends_the_line() {
    for bytes in [&[0, 0, 0, 2][..], &[0, 0, 0, 8, 1, 2, 3, 4], &[255; 40]] {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let connection = Connection::over(Box::new(ours));
        let call = GetHostname {};
        let played = async {
            theirs.write_all(bytes).await.unwrap();
        };
        let (answer, ()) = tokio::join!(connection.call(&call, PATIENCE), played);
        let error = answer.unwrap_err();
        assert!(matches!(error, CallError::Lost(_) | CallError::NotSent(_)), "{error:?}");
        assert!(!error.to_string().contains("none within"), "{error}");
        let mut told = connection.listen();
        assert!(told.recv().await.is_ok_and(|told| told == Told::Ended) || told.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_silent_for_long_is_gone() {
    let (connection, mut daemon) = Daemon::start();
    let mut told = connection.listen();
    connection.keep_alive();
    for _ in 0..3 {
        let ping = daemon.takes().await;
        assert_eq!((ping.program, ping.procedure), (KEEPALIVE, 1));
        daemon.sends(Frame::keepalive(2)).await;
    }
    let asked = connection.call(&GetHostname {}, Duration::from_secs(600));
    let (answer, ended) = tokio::join!(asked, told.recv());
    let why = answer.unwrap_err().to_string();
    assert_eq!(why, "no answer: nothing was heard for 25 s");
    assert_eq!(ended, Ok(Told::Ended));
}

#[tokio::test]
async fn a_daemon_that_asks_is_answered_and_what_it_tells_is_heard() {
    let (connection, mut daemon) = Daemon::start();
    let mut told = connection.listen();
    daemon.sends(Frame::keepalive(1)).await;
    let pong = daemon.takes().await;
    assert_eq!((pong.program, pong.procedure), (KEEPALIVE, 2));
    let uuid = libvirt_xdr::opaque::FixedOpaque16([7; 16]);
    let domain = DomainRef { name: "shop-db-01".to_owned(), uuid, id: 3 };
    let body = Bytes::from(libvirt_xdr::to_bytes(&(0, domain, 5, 1)).unwrap());
    let (kind, status) = (Kind::Event, Status::Ok);
    daemon.sends(Frame { program: REMOTE, procedure: 318, kind, serial: 0, status, body }).await;
    let Told::Lifecycle(heard) = told.recv().await.unwrap() else { panic!("something else") };
    assert_eq!((heard.name.as_str(), heard.event, heard.detail), ("shop-db-01", 5, 1));
}
