//! Cancel before, during and after.

use muster_contract::SiteAdapter;

use super::*;

#[tokio::test]
async fn what_was_never_heard_of_will_not_happen() {
    let bench = Bench::new();
    assert_eq!(bench.agent().cancel(&id(1)).await, Outcome::Done(()));
    let agent = bench.agent();
    assert_eq!(
        refusal(agent.execute(&ctx(1), &bubble("b-1")).await),
        "it was cancelled before it came"
    );
    assert_eq!(agent.cancel(&id(1)).await, Outcome::Done(()));
    assert_eq!(bench.effects(), [""; 0]);
}

#[tokio::test]
async fn what_waits_for_its_object_does_not_begin() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (first, second) = (ctx(1), ctx(2));
    let (create, remove) = (bubble("b-1"), drop_bubble("b-1"));
    let stop = async {
        bench.backend.entered(1).await;
        settle().await;
        let waiting = agent.cancel(&id(2)).await;
        // It is at the backend, which has the word.
        let working = agent.cancel(&id(1)).await;
        bench.backend.let_in(1);
        (waiting, working)
    };
    let (one, two, (waiting, working)) =
        tokio::join!(agent.execute(&first, &create), agent.execute(&second, &remove), stop);
    assert_eq!((one, waiting), (done(), Outcome::Done(())));
    assert_eq!(refusal(two), "it was cancelled before it began");
    assert_eq!(unknown(working), "too late, perhaps");
    assert_eq!(refusal(agent.cancel(&id(1)).await), "it has been done");
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}
