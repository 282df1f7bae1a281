//! Deadlines, in virtual time.

use muster_contract::{OpStatus, SiteAdapter};
use tokio::time::{Duration, Instant};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_backend_that_hangs_is_given_up_at_the_deadline() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let begin = Instant::now();
    let soon = OpContext { deadline: NOON + Span::secs(10), ..ctx(1) };
    let why = unknown(agent.execute(&soon, &bubble("b-1")).await);
    assert_eq!(why, "it was still under way at its deadline");
    assert!(begin.elapsed() < Duration::from_secs(12), "{:?}", begin.elapsed());
    assert_eq!(agent.operation(&id(1)).await, Ok(OpStatus::Pending));
    // A late answer is an answer.
    bench.backend.let_in(1);
    agent.drain().await;
    assert_eq!(agent.operation(&id(1)).await, Ok(OpStatus::Ended(done())));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_operation_blocks_its_object_until_the_backend_says_that_it_is_over() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let soon = |step| OpContext { deadline: NOON + Span::secs(10), ..ctx(step) };
    agent.execute(&soon(1), &bubble("b-1")).await;
    let second = OpContext { deadline: NOON + Span::secs(30), ..ctx(2) };
    assert_eq!(
        refusal(agent.execute(&second, &drop_bubble("b-1")).await),
        "its deadline passed before its turn came"
    );
    // What was refused stays refused.
    let again = OpContext { deadline: NOON + Span::mins(5), ..ctx(2) };
    assert!(refusal(agent.execute(&again, &drop_bubble("b-1")).await).starts_with("its deadline"));
    tokio::time::sleep(Duration::from_secs(60)).await;
    // Nobody waits for its answer any more; what frees its object is the backend's word.
    bench.backend.restart();
    *bench.backend.cancels.lock().unwrap() = Outcome::Done(());
    bench.backend.let_in(1);
    let third = OpContext { deadline: NOON + Span::mins(5), ..ctx(3) };
    assert_eq!(agent.execute(&third, &drop_bubble("b-1")).await, done());
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_refused_untouched() {
    let bench = Bench::new();
    let late = OpContext { deadline: NOON, ..ctx(1) };
    let outcome = bench.agent().execute(&late, &bubble("b-1")).await;
    assert_eq!(refusal(outcome), "its deadline passed before its turn came");
    assert_eq!(bench.effects(), [""; 0]);
}
