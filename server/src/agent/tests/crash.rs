//! The agent is killed while the backend works.

use std::sync::atomic::Ordering;

use muster_contract::{OpStatus, SiteAdapter};

use super::*;

/// Runs an operation until it is at the backend, and kills the agent there.
pub(super) fn killed_at_the_backend(bench: &Bench) {
    bench.backend.hold();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let agent = bench.agent();
        let (ctx, op) = (ctx(1), bubble("b-1"));
        tokio::select! {
            outcome = agent.execute(&ctx, &op) => panic!("{outcome:?}"),
            () = bench.backend.entered(1) => {}
        }
    });
    // Every task ends in the middle of what it does.
    drop(runtime);
    bench.backend.gated.store(false, Ordering::SeqCst);
    bench.backend.restart();
}

#[test]
fn a_backend_that_remembers_says_what_became_of_it() {
    let bench = Bench::new();
    killed_at_the_backend(&bench);
    bench.backend.finish(&id(1), "bubble/b-1");
    restarted(async {
        let agent = bench.agent();
        assert_eq!(agent.operation(&id(1)).await, Ok(OpStatus::Ended(done())));
        assert_eq!(agent.execute(&ctx(1), &bubble("b-1")).await, done());
        // It is in the ledger now, and the backend is not needed any more.
        bench.backend.forget(&id(1));
        drop(agent);
        assert_eq!(bench.agent().execute(&ctx(1), &bubble("b-1")).await, done());
    });
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[test]
fn what_the_backend_never_got_is_done_once() {
    let bench = Bench::new();
    killed_at_the_backend(&bench);
    restarted(async {
        let agent = bench.agent();
        assert_eq!(agent.operation(&id(1)).await, Ok(OpStatus::NotKnown));
        assert_eq!(agent.execute(&ctx(1), &bubble("b-1")).await, done());
        assert_eq!(agent.execute(&ctx(1), &bubble("b-1")).await, done());
    });
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[test]
fn a_backend_without_a_memory_leaves_it_open() {
    let bench = Bench::new();
    killed_at_the_backend(&bench);
    bench.backend.remembers.store(false, Ordering::SeqCst);
    restarted(async {
        let agent = bench.agent();
        let why = unknown(agent.execute(&ctx(1), &bubble("b-1")).await);
        assert!(why.ends_with("cannot say what became of it: it keeps no operation ids"), "{why}");
        let status = agent.operation(&id(1)).await.unwrap();
        assert!(matches!(status, OpStatus::Ended(Outcome::Unknown(_))), "{status:?}");
        // A new attempt, under a higher token, could be overtaken by it.
        let why = refusal(agent.execute(&ctx(2), &bubble("b-1")).await);
        assert!(why.starts_with("bubble/b-1 is taken"), "{why}");
    });
    assert_eq!(bench.effects(), [""; 0]);
}

#[tokio::test]
async fn an_unknown_outcome_converges() {
    let bench = Bench::new();
    *bench.backend.answer.lock().unwrap() = Some(Outcome::unknown("the array did not answer"));
    let agent = bench.agent();
    let outcome = agent.execute(&ctx(1), &bubble("b-1")).await;
    assert_eq!(unknown(outcome), "the array did not answer");
    assert_eq!(agent.operation(&id(1)).await, Ok(OpStatus::Ended(done())));
    assert_eq!(agent.execute(&ctx(1), &bubble("b-1")).await, done());
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[tokio::test]
async fn the_intent_is_on_disk_before_the_effect() {
    let bench = Bench::new();
    let agent = bench.agent();
    *bench.backend.ledger.lock().unwrap() = Some(bench.folder.path().join("ledger"));
    assert_eq!(agent.execute(&ctx(1), &bubble("b-1")).await, done());
}

fn restarted(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work);
}
