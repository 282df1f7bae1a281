//! What may still be at the backend, although nothing here waits for it any more.

use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_contract::{ErrorClass, OpStatus, Query, SiteAdapter};

use super::crash::killed_at_the_backend;
use super::*;

/// An agent after a restart in the middle of operation 1, in virtual time.
fn restarted(backend: impl FnOnce(&Backend), work: impl AsyncFnOnce(&Bench, Agent)) {
    let bench = Bench::new();
    killed_at_the_backend(&bench);
    backend(&bench.backend);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(work(&bench, bench.agent()));
}

fn remembers_nothing(backend: &Backend) {
    backend.remembers.store(false, Ordering::SeqCst);
}

fn is_still_at_it(backend: &Backend) {
    backend.works.store(true, Ordering::SeqCst);
}

/// A context whose deadline is near.
fn soon(step: u32) -> OpContext {
    OpContext { deadline: NOON + Span::secs(10), ..ctx(step) }
}

async fn pending(agent: &Agent) -> Vec<OpId> {
    agent.query(&Query::Bubble("b-1".into())).await.unwrap().pending
}

#[test]
fn a_fence_is_not_done_over_what_the_backend_cannot_tell() {
    restarted(remembers_nothing, async |bench, agent| {
        let why = unknown(agent.raise_fence(&whole_site(), token(9)).await);
        insta::assert_snapshot!(why);
        // It is not above the operation, or not about it.
        assert_eq!(agent.raise_fence(&group("web"), token(9)).await, Outcome::Done(token(9)));
        drop(agent);
        let agent = bench.agent();
        unknown(agent.raise_fence(&group("erp"), token(9)).await);
        assert_eq!(pending(&agent).await, [id(1)]);
    });
}

#[test]
fn the_object_of_what_the_backend_cannot_tell_stays_taken() {
    restarted(remembers_nothing, async |bench, agent| {
        let next = refusal(agent.execute(&ctx(2), &drop_bubble("b-1")).await);
        insta::assert_snapshot!(next);
        assert_eq!(agent.execute(&ctx(3), &bubble("b-2")).await, done());
        assert_eq!(bench.effects(), ["bubble/b-2"]);
    });
}

#[test]
fn a_fence_waits_until_the_backend_says_that_it_has_ended() {
    restarted(is_still_at_it, async |bench, agent| {
        let why = unknown(agent.raise_fence(&group("erp"), token(9)).await);
        assert!(why.contains(&id(1).to_string()), "{why}");
        assert_eq!(pending(&agent).await, [id(1)]);
        let domain = group("erp");
        let finish = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            bench.backend.finish(&id(1), "bubble/b-1");
        };
        let (raised, ()) = tokio::join!(agent.raise_fence(&domain, token(9)), finish);
        assert_eq!(raised, Outcome::Done(token(9)));
        assert_eq!(pending(&agent).await, []);
        assert_eq!(agent.operation(&id(1)).await, Ok(OpStatus::Ended(done())));
    });
}

#[test]
fn the_next_operation_waits_until_the_backend_says_that_it_has_ended() {
    restarted(is_still_at_it, async |bench, agent| {
        let (next, op) = (ctx(2), drop_bubble("b-1"));
        let finish = async {
            tokio::time::sleep(Duration::from_secs(30)).await;
            assert_eq!(bench.effects(), [""; 0]);
            bench.backend.finish(&id(1), "bubble/b-1");
        };
        let (outcome, ()) = tokio::join!(agent.execute(&next, &op), finish);
        assert_eq!(outcome, done());
        // The next one and the one that was late, in this order of their tokens.
        assert_eq!(bench.effects(), ["bubble/b-1", "bubble/b-1"]);
    });
}

#[test]
fn the_next_operation_is_refused_at_its_deadline() {
    restarted(is_still_at_it, async |bench, agent| {
        match agent.execute(&soon(2), &drop_bubble("b-1")).await {
            Outcome::Refused(reason) => assert_eq!(reason.class, ErrorClass::Retry, "{reason:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(bench.effects(), [""; 0]);
    });
}

#[test]
fn what_the_backend_never_got_may_still_come_unless_it_is_cancelled_there() {
    restarted(
        |_| {},
        async |bench, agent| {
            unknown(agent.raise_fence(&group("erp"), token(9)).await);
            *bench.backend.cancels.lock().unwrap() = Outcome::Done(());
            assert_eq!(agent.raise_fence(&group("erp"), token(9)).await, Outcome::Done(token(9)));
            assert_eq!(pending(&agent).await, []);
            // Its end is known: whoever owns its run may try again, with another attempt.
            let ended = agent.operation(&id(1)).await.unwrap();
            let OpStatus::Ended(Outcome::Refused(reason)) = ended else { panic!("{ended:?}") };
            assert_eq!(reason.class, ErrorClass::Retry);
            assert_eq!(agent.execute(&ctx(10), &bubble("b-1")).await, done());
            assert_eq!(bench.effects(), ["bubble/b-1"]);
        },
    );
}

#[test]
fn what_ended_by_half_is_over_on_the_backends_word_and_its_effect_stays_unknown() {
    let half = |backend: &Backend| backend.stop_half_way(&id(1));
    restarted(half, async |bench, agent| {
        // It may be an agent that cannot say now: that is no end.
        refusal(agent.execute(&soon(3), &drop_bubble("b-1")).await);
        unknown(agent.raise_fence(&group("erp"), token(2)).await);
        *bench.backend.cancels.lock().unwrap() =
            Outcome::refused(ErrorClass::Unsupported, "it cannot cancel");
        unknown(agent.raise_fence(&group("erp"), token(2)).await);
        *bench.backend.cancels.lock().unwrap() =
            Outcome::refused(ErrorClass::Precondition, "it has ended already");
        assert_eq!(agent.raise_fence(&group("erp"), token(2)).await, Outcome::Done(token(2)));
        assert_eq!(pending(&agent).await, []);
        let ended = agent.operation(&id(1)).await.unwrap();
        assert!(matches!(ended, OpStatus::Ended(Outcome::Unknown(_))), "{ended:?}");
        // An agent before this one is told the same, in the same words.
        refusal(agent.cancel(&id(1)).await);
        assert_eq!(agent.execute(&ctx(4), &drop_bubble("b-1")).await, done());
        unknown(agent.execute(&ctx(1), &bubble("b-1")).await);
        assert_eq!(bench.effects(), ["bubble/b-1"]);
    });
}

#[test]
fn whoever_asks_again_for_what_is_open_does_not_hide_it_from_a_fence() {
    restarted(is_still_at_it, async |bench, agent| {
        let (again, op, domain) = (ctx(1), bubble("b-1"), group("erp"));
        let (next, remove) = (ctx(2), drop_bubble("b-1"));
        let raise = async {
            settle().await;
            agent.raise_fence(&domain, token(9)).await
        };
        // The next operation has the object, whoever asks again waits behind it.
        let (two, one, raised) =
            tokio::join!(agent.execute(&next, &remove), agent.execute(&again, &op), raise);
        refusal(two);
        unknown(one);
        unknown(raised);
        assert_eq!(bench.effects(), [""; 0]);
    });
}

#[tokio::test(start_paused = true)]
async fn what_is_not_waited_for_any_more_is_still_there() {
    let bench = Bench::new();
    let agent = bench.agent();
    remembers_nothing(&bench.backend);
    bench.backend.hold();
    unknown(agent.execute(&soon(1), &bubble("b-1")).await);
    tokio::time::sleep(Duration::from_secs(100)).await;
    let why = unknown(agent.raise_fence(&group("erp"), token(9)).await);
    assert!(why.contains(&id(1).to_string()), "{why}");
    assert_eq!(pending(&agent).await, [id(1)]);
}

#[test]
fn a_person_can_say_that_it_is_over() {
    restarted(remembers_nothing, async |bench, agent| {
        assert!(agent.settled(id(1)).await.unwrap());
        assert!(!agent.settled(id(7)).await.unwrap(), "that one was never heard of");
        drop(agent);
        let agent = bench.agent();
        assert_eq!(agent.raise_fence(&group("erp"), token(2)).await, Outcome::Done(token(2)));
        assert_eq!(pending(&agent).await, []);
        assert_eq!(agent.execute(&ctx(2), &drop_bubble("b-1")).await, done());
        // What it did they did not say, and it is not done again.
        unknown(agent.execute(&ctx(1), &bubble("b-1")).await);
        assert_eq!(bench.effects(), ["bubble/b-1"]);
    });
}

#[test]
fn a_backend_without_a_memory_can_say_that_nothing_is_under_way() {
    restarted(remembers_nothing, async |bench, agent| {
        let says = |idle| *bench.backend.idle.lock().unwrap() = idle;
        says(Some(false));
        let late = OpContext { deadline: NOON + Span::secs(3), ..ctx(2) };
        assert!(refusal(agent.execute(&late, &drop_bubble("b-1")).await).contains("is taken"));
        assert_eq!(pending(&agent).await, [id(1)]);
        says(Some(true));
        assert_eq!(pending(&agent).await, []);
        assert_eq!(agent.raise_fence(&group("erp"), token(2)).await, Outcome::Done(token(2)));
        assert_eq!(agent.execute(&ctx(3), &drop_bubble("b-1")).await, done());
        // What it did nobody said, and it is not done again.
        unknown(agent.execute(&ctx(1), &bubble("b-1")).await);
        assert_eq!(bench.effects(), ["bubble/b-1"]);
    });
}
