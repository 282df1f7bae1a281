//! All hosts of a site.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use muster_contract::{ErrorClass, FenceState, FencingAdapter, FencingOp, Mode, Outcome, Query};

use crate::lab::{Lab, apply, context, fence, keep_out, let_in, millis, now, said};
use crate::stub::{Ask, Reply, Stub, status};

/// A host with a switch: a command turns it off, and the test may turn it.
fn switched() -> (Stub, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(true));
    let switch = on.clone();
    let stub = Stub::new(move |ask, _| {
        if ask == Ask::Reset {
            switch.store(false, Ordering::SeqCst);
            return status(204);
        }
        Reply::Power(if switch.load(Ordering::SeqCst) { "On" } else { "Off" })
    });
    (stub, on)
}

#[tokio::test]
async fn a_site_is_fenced_while_all_of_its_hosts_are_off() {
    let lab = Lab::new();
    let ((first, _), (second, on)) = (switched(), switched());
    let power = lab.behind(&[&first, &second]);
    assert_eq!(fence(&power).await, FenceState::Unfenced);
    assert_eq!(first.reads(), 0, "nobody holds it, so nobody is asked");

    let mut dry = context(Mode::Planned, 30);
    dry.dry_run = true;
    let mut all = vec![said(&power.apply(&dry, &keep_out()).await)];
    assert_eq!((first.told(), fence(&power).await), (0, FenceState::Unfenced));

    all.push(said(&apply(&power, &keep_out()).await));
    assert_eq!(fence(&power).await, FenceState::Fenced);
    all.push(said(&apply(&power, &keep_out()).await));
    assert_eq!((first.told(), second.told()), (1, 1));

    // Another life of the agent.
    let power = lab.behind(&[&first, &second]);
    assert_eq!(fence(&power).await, FenceState::Fenced);
    on.store(true, Ordering::SeqCst);
    assert_eq!(fence(&power).await, FenceState::Unfenced, "a host was switched on again");
    all.push(said(&apply(&power, &keep_out()).await));
    assert_eq!((fence(&power).await, second.told()), (FenceState::Fenced, 2));

    all.push(said(&power.apply(&dry, &let_in()).await));
    assert_eq!(fence(&power).await, FenceState::Fenced);
    all.push(said(&apply(&power, &let_in()).await));
    all.push(said(&apply(&power, &let_in()).await));
    let reads = first.reads();
    assert_eq!(fence(&power).await, FenceState::Unfenced, "all are off, and nobody holds them");
    assert_eq!(first.reads(), reads);
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn one_host_that_is_not_off_is_no_fence() {
    let lab = Lab::new();
    let (good, _) = switched();
    let stays =
        Stub::new(|ask, _| if ask == Ask::Reset { status(204) } else { Reply::Power("On") });
    let power = lab.behind(&[&good, &stays]);
    let outcome = apply(&power, &keep_out()).await;
    assert!(matches!(&outcome, Outcome::Unknown(_)));
    assert_eq!((good.told(), fence(&power).await), (1, FenceState::Unfenced));

    let silent = Stub::new(|_, _| Reply::Drop);
    let other = Lab::new();
    let power = other.behind(&[&good, &silent]);
    let refused = apply(&power, &keep_out()).await;
    assert!(
        matches!(&refused, Outcome::Refused(_)),
        "nobody was told anything: one was off before"
    );
    assert_eq!(fence(&power).await, FenceState::Unfenced);
    assert_eq!(silent.reads(), 1, "nothing is left that would have to be read");
    insta::assert_snapshot!([said(&outcome), said(&refused)].join("\n"));
}

#[tokio::test]
async fn hosts_are_switched_off_side_by_side() {
    let lab = Lab::new();
    let told = Arc::new(AtomicUsize::new(0));
    // Each goes off only once both were told.
    let waiting = || {
        let told = told.clone();
        Stub::new(move |ask, _| match ask {
            Ask::Reset => {
                told.fetch_add(1, Ordering::SeqCst);
                status(204)
            }
            Ask::Read => Reply::Power(if told.load(Ordering::SeqCst) == 2 { "Off" } else { "On" }),
        })
    };
    let outcome = apply(&lab.behind(&[&waiting(), &waiting()]), &keep_out()).await;
    assert_eq!(said(&outcome), "done, already: false, hosts proven to be off: 2");
}

#[tokio::test]
async fn what_lands_after_it_was_given_up_is_read_back() {
    let lab = Lab::new();
    let (good, _) = switched();
    let slow = Stub::new(|ask, seen| match ask {
        Ask::Reset => status(202),
        Ask::Read if seen.told_for(Duration::from_secs(5)) => Reply::Power("Off"),
        Ask::Read => Reply::Power("On"),
    });
    let power = lab.behind(&[&good, &slow]);
    assert!(matches!(apply(&power, &keep_out()).await, Outcome::Unknown(_)));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(fence(&power).await, FenceState::Fenced);
}

#[tokio::test]
async fn who_is_killed_half_way_has_written_down_what_was_wanted() {
    let lab = Lab::new();
    let (stub, _) = switched();
    let power = lab.behind(&[&stub]);
    let half = Duration::from_millis(500);
    assert!(tokio::time::timeout(half, apply(&power, &keep_out())).await.is_err());
    assert_eq!(stub.told(), 1);
    assert!(!power.is_idle("fence/lyon").await.unwrap());
    assert_eq!(fence(&lab.behind(&[&stub])).await, FenceState::Fenced);
}

#[tokio::test]
async fn a_question_is_answered_before_who_asks_goes_away() {
    let mut lab = Lab::new();
    lab.answer = 30;
    let stub = Stub::new(|_, _| Reply::Hang(12));
    lab.hold();
    let begun = now();
    assert_eq!(fence(&lab.behind(&[&stub])).await, FenceState::Asked);
    assert!(millis(begun) < 9500, "{}", millis(begun));
}

#[tokio::test]
async fn a_bmc_that_falls_silent_is_no_evidence() {
    let lab = Lab::new();
    let gone = Arc::new(AtomicBool::new(false));
    let silent = gone.clone();
    let stub = Stub::new(move |_, _| match silent.load(Ordering::SeqCst) {
        true => Reply::Drop,
        false => Reply::Power("Off"),
    });
    let power = lab.behind(&[&stub]);
    assert!(matches!(apply(&power, &keep_out()).await, Outcome::Done(_)));
    gone.store(true, Ordering::SeqCst);
    assert_eq!(fence(&power).await, FenceState::Asked);
    let outcome = apply(&power, &keep_out()).await;
    assert!(matches!(outcome, Outcome::Refused(_)), "{}", said(&outcome));
    assert_eq!(fence(&power).await, FenceState::Asked, "the hold is as it was");
}

#[tokio::test]
async fn a_host_that_goes_through_a_restart_is_not_off() {
    let lab = Lab::new();
    // Off at every other reading.
    let stub = Stub::new(|_, seen| Reply::Power(if seen.reads % 2 == 1 { "Off" } else { "On" }));
    lab.hold();
    assert_eq!(fence(&lab.behind(&[&stub])).await, FenceState::Unfenced);
    assert_eq!(stub.reads(), 2);
}

#[tokio::test]
async fn only_configured_peers_are_fenced_and_only_fences_are_answered() {
    let lab = Lab::new();
    let (stub, _) = switched();
    let power = lab.behind(&[&stub]);
    let mut all = Vec::new();
    for site in ["paris", "rome"] {
        all.push(said(&apply(&power, &FencingOp::FenceSite { site: site.into() }).await));
        all.push(said(&apply(&power, &FencingOp::UnfenceSite { site: site.into() }).await));
    }
    all.push(said(&power.apply(&context(Mode::Test, 30), &keep_out()).await));
    insta::assert_snapshot!(all.join("\n"));
    let error = power.query(&Query::Alive).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert_eq!((stub.reads(), stub.told()), (0, 0));
}
