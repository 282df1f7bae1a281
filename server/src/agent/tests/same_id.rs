//! One operation id is one operation.

use futures_util::future::join_all;
use muster_contract::{Mode, OpStatus, SiteAdapter};
use muster_plans::time::Span;

use super::*;

#[tokio::test]
async fn five_at_once_have_one_effect_and_one_answer() {
    let bench = Bench::new();
    let agent = bench.agent();
    let (ctx, op) = (ctx(1), bubble("b-1"));
    let outcomes = join_all((0..5).map(|_| agent.execute(&ctx, &op))).await;
    assert_eq!(outcomes, vec![done(); 5]);
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[tokio::test]
async fn the_answer_survives_a_restart_and_any_token() {
    let bench = Bench::new();
    let outcome = bench.agent().execute(&ctx(1), &bubble("b-1")).await;
    // Not from the backend: it has forgotten.
    bench.backend.forget(&id(1));
    let agent = bench.agent();
    for seq in [0, 1, 9] {
        let again = OpContext { token: token(seq), ..ctx(1) };
        assert_eq!(agent.execute(&again, &bubble("b-1")).await, outcome);
    }
    assert_eq!(agent.operation(&id(1)).await, Ok(OpStatus::Ended(outcome)));
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[tokio::test]
async fn other_arguments_are_refused() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (first, under_way) = (ctx(1), bubble("b-1"));
    let other = async {
        bench.backend.entered(1).await;
        let outcome = agent.execute(&ctx(1), &bubble("b-2")).await;
        bench.backend.let_in(1);
        outcome
    };
    let (_, meanwhile) = tokio::join!(agent.execute(&first, &under_way), other);
    let after = agent.execute(&ctx(1), &drop_bubble("b-1")).await;
    drop(agent);
    let restarted = bench.agent().execute(&ctx(1), &bubble("b-3")).await;
    for outcome in [meanwhile, after, restarted] {
        assert!(refusal(outcome).ends_with("was used for another operation before"));
    }
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[tokio::test]
async fn a_refusal_is_remembered_like_any_end() {
    let bench = Bench::new();
    let wanted = Outcome::refused(muster_contract::ErrorClass::Capacity, "there is no room");
    *bench.backend.answer.lock().unwrap() = Some(wanted.clone());
    assert_eq!(bench.agent().execute(&ctx(1), &bubble("b-1")).await, wanted);
    *bench.backend.answer.lock().unwrap() = None;
    bench.backend.forget(&id(1));
    assert_eq!(bench.agent().execute(&ctx(1), &bubble("b-1")).await, wanted);
}

#[tokio::test]
async fn results_are_forgotten_after_thirty_days_and_tokens_never() {
    let mut bench = Bench::new();
    bench.agent().execute(&ctx(5), &bubble("b-1")).await;
    let size = || std::fs::metadata(bench.folder.path().join("ledger")).unwrap().len();
    let before = size();
    drop(bench.agent());
    assert!(size() < before, "the intent of what has ended is compacted away");
    bench.start = NOON + Span(31 * 24 * 3_600_000);
    bench.backend.forget(&id(5));
    let agent = bench.agent();
    assert_eq!(agent.operation(&id(5)).await, Ok(OpStatus::NotKnown));
    let late = OpContext { deadline: bench.start + Span::mins(1), ..ctx(4) };
    assert_eq!(
        refusal(agent.execute(&late, &bubble("b-1")).await),
        "token 1.1.4 is too low: the object was changed under 1.1.5"
    );
}

#[tokio::test]
async fn a_dry_run_is_remembered_nowhere() {
    let bench = Bench::new();
    let agent = bench.agent();
    let dry = OpContext { dry_run: true, token: token(9), ..ctx(1) };
    assert_eq!(agent.execute(&dry, &bubble("b-1")).await, done());
    assert_eq!(bench.effects(), [""; 0]);
    // Neither the id nor the token of the dry run counts.
    bench.backend.forget(&id(1));
    assert_eq!(agent.execute(&ctx(1), &bubble("b-1")).await, done());
    assert_eq!(bench.effects(), ["bubble/b-1"]);
    let low = OpContext { token: token(0), ..dry.clone() };
    assert!(refusal(agent.execute(&low, &bubble("b-1")).await).starts_with("token"));
    let production = OpContext { mode: Mode::Test, run_tag: None, ..dry };
    assert!(refusal(agent.execute(&production, &bubble("b-1")).await).ends_with("a run tag"));
}
