//! Old tokens have no effect, wherever they are on their way.

use muster_contract::{FenceLevel, Observation, OperationKind, Query, SiteAdapter};

use super::*;

#[tokio::test]
async fn a_lower_token_is_refused_also_after_a_restart() {
    let bench = Bench::new();
    bench.agent().execute(&ctx(5), &bubble("b-1")).await;
    let agent = bench.agent();
    let low = OpContext { token: token(4), ..ctx(6) };
    assert_eq!(
        refusal(agent.execute(&low, &drop_bubble("b-1")).await),
        "token 1.1.4 is too low: the object was changed under 1.1.5"
    );
    // An equal one is a late duplicate's.
    let equal = OpContext { token: token(5), ..ctx(7) };
    assert_eq!(
        refusal(agent.execute(&equal, &drop_bubble("b-1")).await),
        "token 1.1.5 is too low: another operation came with 1.1.5"
    );
    assert_eq!(agent.execute(&low_elsewhere(), &bubble("b-2")).await, done());
    // The new owner of a run asks for what the old one was refused.
    let owner = OpContext { token: token(9), ..low };
    assert_eq!(agent.execute(&owner, &drop_bubble("b-1")).await, done());
    assert_eq!(bench.effects(), ["bubble/b-1", "bubble/b-2", "bubble/b-1"]);
}

/// The same token on another object.
fn low_elsewhere() -> OpContext {
    OpContext { token: token(4), ..ctx(8) }
}

#[tokio::test]
async fn the_token_is_compared_at_the_effect_and_not_at_the_door() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (first, second, third) = (ctx(5), ctx(7), ctx(6));
    let (create, remove) = (bubble("b-1"), drop_bubble("b-1"));
    let release = async {
        // All three were accepted before the first has its effect.
        bench.backend.entered(1).await;
        settle().await;
        bench.backend.let_in(3);
    };
    let (one, two, three, ()) = tokio::join!(
        agent.execute(&first, &create),
        agent.execute(&second, &remove),
        agent.execute(&third, &create),
        release
    );
    assert_eq!((one, two), (done(), done()));
    assert_eq!(refusal(three), "token 1.1.6 is too low: the object was changed under 1.1.7");
    assert_eq!(bench.effects(), ["bubble/b-1", "bubble/b-1"]);
}

#[tokio::test]
async fn different_objects_do_not_wait_for_each_other() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (one, two) = (ctx(1), ctx(2));
    let (first, second) = (bubble("b-1"), bubble("b-2"));
    let release = async {
        bench.backend.entered(2).await;
        bench.backend.let_in(2);
    };
    let (one, two, ()) =
        tokio::join!(agent.execute(&one, &first), agent.execute(&two, &second), release);
    assert_eq!((one, two), (done(), done()));
}

#[tokio::test]
async fn the_high_water_mark_can_be_asked_for() {
    let bench = Bench::new();
    let agent = bench.agent();
    agent.execute(&ctx(5), &bubble("b-1")).await;
    agent.execute(&ctx(3), &bubble("b-2")).await;
    drop(agent);
    let alive = bench.agent().query(&Query::Alive).await.unwrap().state;
    assert_eq!(alive, Observation::Alive { high_water: token(5) });
}

#[tokio::test]
async fn a_new_ledger_takes_over_the_mark_of_its_backend() {
    let bench = Bench::new();
    *bench.backend.high_water.lock().unwrap() = token(40);
    let agent = bench.agent();
    assert_eq!(
        refusal(agent.execute(&ctx(39), &bubble("b-1")).await),
        "token 1.1.39 is too low: the fence stands at 1.1.40"
    );
    assert_eq!(agent.execute(&ctx(41), &bubble("b-1")).await, done());
    // Once: a later restart trusts its own ledger.
    drop(agent);
    *bench.backend.high_water.lock().unwrap() = token(90);
    assert_eq!(bench.agent().execute(&ctx(42), &bubble("b-1")).await, done());
}

#[tokio::test]
async fn every_operation_is_guarded_at_least_by_the_agent() {
    let found = Bench::new().agent().capabilities().await.unwrap().operations;
    assert_eq!(found[&OperationKind::CreateBubble], FenceLevel::AgentEnforced);
    assert_eq!(found[&OperationKind::DropBubble], FenceLevel::Native);
}

#[tokio::test]
async fn what_is_under_way_is_listed_as_pending() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (ctx, op) = (ctx(1), bubble("b-1"));
    let look = async {
        bench.backend.entered(1).await;
        let here = agent.query(&Query::Bubble("b-1".into())).await.unwrap().pending;
        let elsewhere = agent.query(&Query::Bubble("b-2".into())).await.unwrap().pending;
        bench.backend.let_in(1);
        (here, elsewhere)
    };
    let (_, (here, elsewhere)) = tokio::join!(agent.execute(&ctx, &op), look);
    assert_eq!((here, elsewhere), (vec![id(1)], vec![]));
    let after = agent.query(&Query::Bubble("b-1".into())).await.unwrap().pending;
    assert_eq!(after, []);
}

#[tokio::test]
async fn a_fence_that_is_faster_than_an_intent_stops_it() {
    let bench = Bench::new();
    let agent = bench.agent();
    let (ctx, op) = (ctx(5), bubble("b-1"));
    // The disk is busy: the fence is raised between the operation's two looks at its token.
    let writer = agent.inner.ledger.hold().await;
    let domain = group("erp");
    let fence = async {
        settle().await;
        let free = async {
            settle().await;
            drop(writer);
        };
        tokio::join!(agent.raise_fence(&domain, token(6)), free).0
    };
    let (outcome, raised) = tokio::join!(agent.execute(&ctx, &op), fence);
    assert_eq!(refusal(outcome), "token 1.1.5 is too low: the fence stands at 1.1.6");
    assert_eq!(raised, Outcome::Done(token(6)));
    // Its intent is on disk, and is withdrawn there too.
    drop(agent);
    let agent = bench.agent();
    assert_eq!(agent.operation(&id(5)).await, Ok(muster_contract::OpStatus::NotKnown));
    let owner = OpContext { token: token(7), ..ctx };
    assert_eq!(agent.execute(&owner, &op).await, done());
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}

#[tokio::test]
async fn a_new_owner_that_joins_lends_its_token() {
    let bench = Bench::new();
    let agent = bench.agent();
    bench.backend.hold();
    let (first, older) = (ctx(3), ctx(5));
    let newer = OpContext { token: token(9), ..older.clone() };
    let (create, remove) = (bubble("b-1"), drop_bubble("b-1"));
    let release = async {
        // The older request waits for its object, the newer one waits for the older one.
        bench.backend.entered(1).await;
        settle().await;
        bench.backend.let_in(3);
    };
    let (one, two, three, ()) = tokio::join!(
        agent.execute(&first, &create),
        agent.execute(&older, &remove),
        agent.execute(&newer, &remove),
        release
    );
    assert_eq!((one, two, three), (done(), done(), done()));
    assert_eq!(bench.effects(), ["bubble/b-1", "bubble/b-1"]);
    // What it was done under is what counts for the object.
    let late = OpContext { token: token(8), ..ctx(6) };
    assert!(refusal(agent.execute(&late, &create).await).ends_with("under 1.1.9"));
}

#[tokio::test]
async fn a_new_owner_that_joins_at_the_last_moment_is_not_refused_with_the_old_one() {
    let bench = Bench::new();
    let agent = bench.agent();
    let (older, op) = (ctx(5), bubble("b-1"));
    let newer = OpContext { token: token(9), ..older.clone() };
    // The disk is busy: the older request has been let through already and writes its intent.
    let writer = agent.inner.ledger.hold().await;
    let domain = group("erp");
    let join = async {
        settle().await;
        let free = async {
            settle().await;
            drop(writer);
        };
        tokio::join!(agent.execute(&newer, &op), agent.raise_fence(&domain, token(7)), free)
    };
    let (one, (two, raised, ())) = tokio::join!(agent.execute(&older, &op), join);
    assert_eq!((one, two, raised), (done(), done(), Outcome::Done(token(7))));
    assert_eq!(bench.effects(), ["bubble/b-1"]);
}
