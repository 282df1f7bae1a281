//! One host, and a BMC that does what it should not.

use std::time::Duration;

use muster_contract::{FencingAdapter, Mode, Outcome};

use crate::lab::{Lab, apply, context, host, millis, now, said};
use crate::stub::{Ask, Reply, Stub, status, system};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A good one: it answers at once, and its host goes off so much later.
fn late(after: Duration) -> Stub {
    Stub::new(move |ask, seen| match ask {
        Ask::Reset => status(204),
        Ask::Read if seen.told_for(after) => Reply::Power("Off"),
        Ask::Read => Reply::Power("On"),
    })
}

#[tokio::test]
async fn an_answer_is_no_proof_and_a_late_landing_is_waited_for() {
    let (lab, begun) = (Lab::new(), now());
    let stub = late(secs(2));
    let outcome = apply(&lab.behind(&[&stub]), &host("h1")).await;
    assert_eq!(said(&outcome), "done, already: false, no note");
    assert!(millis(begun) >= 3000, "two seconds until it is off, and one until it is read again");
    assert_eq!(stub.told(), 1);
}

#[tokio::test]
async fn a_host_that_is_off_is_told_nothing_and_read_twice() {
    let lab = Lab::new();
    let stub = Stub::new(|_, _| Reply::Power("Off"));
    let outcome = apply(&lab.behind(&[&stub]), &host("h1")).await;
    assert_eq!(said(&outcome), "done, already: true, no note");
    assert_eq!((stub.told(), stub.reads()), (0, 2));
}

#[tokio::test]
async fn a_dry_run_and_a_test_tell_nothing() {
    let lab = Lab::new();
    let stub = Stub::new(|_, _| Reply::Power("On"));
    let power = lab.behind(&[&stub]);
    let mut ctx = context(Mode::Planned, 30);
    ctx.dry_run = true;
    let mut all = vec![said(&power.apply(&ctx, &host("h1")).await)];
    all.push(said(&power.apply(&ctx, &host("h9")).await));
    for mode in [Mode::Test, Mode::Cleanup] {
        all.push(said(&power.apply(&context(mode, 30), &host("h1")).await));
    }
    assert_eq!(stub.told(), 0);
    insta::assert_snapshot!(all.join("\n"));
}

/// What is said of every kind of misbehaviour, and how often the BMC was told.
#[tokio::test]
async fn what_is_no_proof_is_not_taken_for_one() {
    let lab = Lab::new();
    let on = |reset: fn() -> Reply| {
        Stub::new(move |ask, _| if ask == Ask::Reset { reset() } else { Reply::Power("On") })
    };
    let read = |read: fn() -> Reply| Stub::new(move |_, _| read());
    let again = |times: usize| {
        // Off for half a second after each command, so that the second reading finds it on.
        let mut off = 0;
        Stub::new(move |ask, seen| match ask {
            Ask::Reset => status(204),
            Ask::Read if seen.told > off && off < times => {
                off += 1;
                Reply::Power("Off")
            }
            Ask::Read if seen.told > times => Reply::Power("Off"),
            Ask::Read => Reply::Power("On"),
        })
    };
    let cases = [
        ("says yes and stays on", on(|| status(204))),
        ("fails, and stays on", on(|| status(500))),
        ("hangs when it is told", on(|| Reply::Hang(3))),
        ("breaks off when it is told", on(|| Reply::Drop)),
        ("refuses when it is told", on(|| status(409))),
        ("does not let us do it", on(|| status(403))),
        ("is on again once", again(1)),
        ("is on again and again", again(9)),
        ("does not know us", read(|| status(401))),
        ("is out of order", read(|| status(503))),
        ("hangs", read(|| Reply::Hang(3))),
        ("breaks off", read(|| Reply::Drop)),
        ("leads elsewhere", read(|| status(302))),
        ("does not end", read(|| Reply::Status(200, format!("\"{}\"", "x".repeat(2 << 20))))),
        ("talks nonsense", read(|| Reply::Status(200, "<html>".to_owned()))),
        ("is cut short", read(|| Reply::Status(200, system("Off")[..20].to_owned()))),
        ("says `off`", read(|| Reply::Power("off"))),
        ("has no reset", read(|| Reply::Status(200, r#"{"PowerState": "On"}"#.to_owned()))),
        (
            "sends it away",
            read(|| Reply::Status(200, system("On").replace("/redfish", "http://10.0.0.1/r"))),
        ),
    ];
    let all = cases.map(|(name, stub)| {
        let power = lab.behind(&[&stub]);
        async move {
            let outcome = apply(&power, &host("h1")).await;
            // The system's words for it are its own.
            format!("{name} ({} times): {}", stub.told(), said(&outcome))
        }
    });
    let all = futures_util::future::join_all(all).await;
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn what_failed_and_landed_all_the_same_is_done() {
    let lab = Lab::new();
    for reset in [|| status(500), || Reply::Hang(3), || Reply::Drop, || status(409)] {
        let stub = Stub::new(move |ask, seen| match ask {
            Ask::Reset => reset(),
            Ask::Read if seen.told > 0 => Reply::Power("Off"),
            Ask::Read => Reply::Power("On"),
        });
        let outcome = apply(&lab.behind(&[&stub]), &host("h1")).await;
        assert!(matches!(&outcome, Outcome::Done(_)), "{}", said(&outcome));
    }
}

#[tokio::test]
async fn the_deadline_is_kept_and_what_was_told_is_not_idle_before_it_landed() {
    let lab = Lab::new();
    let never = late(secs(3600));
    let silent = Stub::new(|_, _| Reply::Hang(3));
    let power = lab.behind(&[&never, &silent]);
    tokio::time::sleep(secs(3)).await;
    assert!(power.is_idle("host/h1").await.unwrap());
    let begun = now();
    let (first, second) = (context(Mode::Unplanned, 2), context(Mode::Unplanned, 2));
    let (h1, h2) = (host("h1"), host("h2"));
    let (first, second) = tokio::join!(power.apply(&first, &h1), power.apply(&second, &h2));
    assert!(millis(begun) <= 2000, "{}", millis(begun));
    insta::assert_snapshot!([said(&first), said(&second)].join("\n"));
    assert!(!power.is_idle("host/h1").await.unwrap(), "it may still land");
    assert!(!power.is_idle("fence/lyon").await.unwrap(), "at its site, too");
    assert!(power.is_idle("host/h2").await.unwrap(), "it was told nothing");
    tokio::time::sleep(secs(3)).await;
    assert!(power.is_idle("host/h1").await.unwrap());
    let late = power.apply(&context(Mode::Unplanned, 0), &h1).await;
    assert_eq!(said(&late), "refused (Retry): the deadline has passed");
    assert_eq!(never.told(), 1, "nothing is told after the deadline");
}

#[tokio::test]
async fn nobody_there_is_said_at_once() {
    let (lab, begun) = (Lab::new(), now());
    // Of the net that documents use: nobody answers there, or the machine says so itself.
    let config = serde_json::json!({"redfish": {
        "address": "https://192.0.2.1", "user": "muster", "passwordFile": lab.file("good"),
    }});
    let outcome = apply(&lab.open(vec![config]), &host("h1")).await;
    assert!(matches!(&outcome, Outcome::Refused(_)), "{}", said(&outcome));
    assert!(millis(begun) < 4000);
}
