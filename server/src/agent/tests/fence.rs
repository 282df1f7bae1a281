//! A raised fence.

use std::time::Duration;

use muster_contract::SiteAdapter;

use super::*;

#[tokio::test]
async fn nothing_older_passes_also_after_a_restart() {
    let bench = Bench::new();
    let agent = bench.agent();
    assert_eq!(agent.raise_fence(&group("erp"), token(10)).await, Outcome::Done(token(10)));
    // A lower one answers with what holds.
    assert_eq!(agent.raise_fence(&group("erp"), token(3)).await, Outcome::Done(token(10)));
    drop(agent);
    let agent = bench.agent();
    assert_eq!(
        refusal(agent.execute(&ctx(9), &bubble("b-1")).await),
        "token 1.1.9 is too low: the fence stands at 1.1.10"
    );
    let elsewhere = OpContext { domain: group("web"), ..ctx(8) };
    assert_eq!(agent.execute(&elsewhere, &bubble("b-2")).await, done());
    agent.raise_fence(&whole_site(), token(20)).await;
    let elsewhere = OpContext { domain: group("web"), ..ctx(19) };
    assert!(refusal(agent.execute(&elsewhere, &bubble("b-3")).await).ends_with("1.1.20"));
    assert_eq!(agent.execute(&ctx(20), &bubble("b-4")).await, done());
    assert_eq!(bench.effects(), ["bubble/b-2", "bubble/b-4"]);
}

#[tokio::test]
async fn it_waits_for_what_is_at_the_backend_already() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (older, op) = (ctx(5), bubble("b-1"));
    let domain = group("erp");
    let fence = async {
        bench.backend.entered(1).await;
        let raised = agent.raise_fence(&domain, token(6));
        tokio::pin!(raised);
        tokio::select! {
            biased;
            early = &mut raised => panic!("{early:?} while an older operation is at the backend"),
            () = settle() => {}
        }
        bench.backend.let_in(1);
        raised.await
    };
    let (outcome, raised) = tokio::join!(agent.execute(&older, &op), fence);
    assert_eq!((outcome, raised), (done(), Outcome::Done(token(6))));
}

#[tokio::test(start_paused = true)]
async fn it_is_not_done_while_something_older_hangs() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (older, op) = (ctx(5), bubble("b-1"));
    let begun = tokio::time::timeout(Duration::from_secs(1), agent.execute(&older, &op)).await;
    assert!(begun.is_err(), "it hangs at the backend, and its caller went away");
    let raised = agent.raise_fence(&whole_site(), token(6)).await;
    assert_eq!(
        unknown(raised),
        format!("the fence is raised, but older operations are at the backend: {}", id(5))
    );
    bench.backend.let_in(1);
    assert_eq!(agent.raise_fence(&whole_site(), token(6)).await, Outcome::Done(token(6)));
}

#[tokio::test]
async fn an_operation_that_was_accepted_before_is_stopped_on_its_way() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (first, queued, op) = (ctx(5), ctx(6), bubble("b-1"));
    let other = drop_bubble("b-1");
    let domain = group("erp");
    let fence = async {
        bench.backend.entered(1).await;
        settle().await;
        let raised = agent.raise_fence(&domain, token(9));
        let free = async {
            settle().await;
            bench.backend.let_in(5);
        };
        tokio::join!(raised, free).0
    };
    let (one, two, raised) =
        tokio::join!(agent.execute(&first, &op), agent.execute(&queued, &other), fence);
    assert_eq!((one, raised), (done(), Outcome::Done(token(9))));
    assert_eq!(refusal(two), "token 1.1.6 is too low: the fence stands at 1.1.9");
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[tokio::test]
async fn the_fence_of_another_site_is_refused() {
    let bench = Bench::new();
    let agent = bench.agent();
    let lyon = FenceDomain { site: "lyon".into(), group: None };
    let message = "this is the agent of site `paris`, not of `lyon`";
    assert_eq!(refusal(agent.raise_fence(&lyon, token(1)).await), message);
    let astray = OpContext { domain: lyon, ..ctx(1) };
    assert_eq!(refusal(agent.execute(&astray, &bubble("b-1")).await), message);
    assert_eq!(bench.effects(), [""; 0]);
}
