//! The site adapter on a runtime whose time is virtual.

use std::sync::Arc;

use muster_contract::{
    FenceDomain, FencingAdapter, FencingOp, HypervisorAdapter, Observation, Operation, Outcome,
    Query, SiteAdapter, StorageAdapter, StorageOp, Token,
};
use muster_plans::inventory::SiteInventory;
use muster_plans::time::Span;

use super::rig::{GOLD, Op, Rig, SILVER, START, shutdown, site, sync};
use crate::control::{Command, Thing};
use crate::{Sim, SimClock, TokioClock, WorldSpec};

fn clock() -> Arc<dyn SimClock> {
    Arc::new(TokioClock::new(START))
}

fn ops(name: &str) -> (muster_contract::OpContext, Operation) {
    let mut rig = Rig::instant();
    let ctx = rig.ctx("paris");
    let vm = rig.vm(name);
    (ctx, Op::from(shutdown(vm)).0)
}

#[tokio::test(start_paused = true)]
async fn five_at_once_get_one_answer() {
    let world = WorldSpec::demo(60, 7).build(START).unwrap();
    let sim = Sim::new(world, clock());
    let paris = sim.site(&site("paris")).unwrap();
    let (ctx, op) = ops("archive-01");
    let (a, b, c, d, e) = tokio::join!(
        paris.execute(&ctx, &op),
        paris.execute(&ctx, &op),
        paris.execute(&ctx, &op),
        paris.execute(&ctx, &op),
        paris.execute(&ctx, &op),
    );
    assert!(matches!(&a, Outcome::Done(receipt) if !receipt.already));
    assert!([b, c, d, e].iter().all(|other| other == &a));
    assert_eq!(sim.truth().effects[&ctx.op_id], 1);
    assert!(sim.now() > START + Span::secs(20));
    assert!(sim.site(&site("nice")).is_none());
    assert_eq!(sim.sites(), [site("lyon"), site("paris")]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_outlives_its_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sim.state");
    let spec = WorldSpec::demo(60, 7);
    let (ctx, op) = ops("archive-01");
    let sim = Sim::open(&path, &spec, clock()).unwrap();
    let paris = sim.site(&site("paris")).unwrap();
    // The caller is gone before the answer, and then the process is.
    let waiting = paris.execute(&ctx, &op);
    assert!(tokio::time::timeout(std::time::Duration::from_secs(3), waiting).await.is_err());
    sim.control(Command::Break(Thing::Witness)).unwrap();
    let before = sim.now();
    drop((sim, paris));

    let sim = Sim::open(&path, &spec, clock()).unwrap();
    assert_eq!(sim.now(), before, "time goes on where it was");
    let paris = sim.site(&site("paris")).unwrap();
    let outcome = paris.execute(&ctx, &op).await;
    assert!(matches!(&outcome, Outcome::Done(receipt) if !receipt.already), "{outcome:?}");
    drop((sim, paris));

    let sim = Sim::open(&path, &spec, clock()).unwrap();
    let paris = sim.site(&site("paris")).unwrap();
    assert_eq!(paris.execute(&ctx, &op).await, outcome);
    assert_eq!(sim.truth().effects[&ctx.op_id], 1);
    let error = sim.control(Command::Break(Thing::Site(site("nice")))).unwrap_err();
    assert_eq!(error.to_string(), "there is no site/nice in this world");
}

#[tokio::test(start_paused = true)]
async fn fences_and_inventories_outlive_it_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sim.state");
    let spec = WorldSpec::demo(60, 7);
    let sim = Sim::open(&path, &spec, clock()).unwrap();
    let lyon = sim.site(&site("lyon")).unwrap();
    let fence = Token { incarnation: 3, epoch: 1, seq: 0 };
    let domain = FenceDomain { site: site("lyon"), group: None };
    assert_eq!(lyon.raise_fence(&domain, fence).await, Outcome::Done(fence));
    tokio::time::advance(std::time::Duration::from_secs(1000)).await;
    let inventory = lyon.inventory().await.unwrap();
    drop((sim, lyon));
    let sim = Sim::open(&path, &spec, clock()).unwrap();
    let lyon = sim.site(&site("lyon")).unwrap();
    assert_eq!(lyon.inventory().await.unwrap(), inventory);
    match lyon.query(&Query::Alive).await.unwrap().state {
        Observation::Alive { high_water } => assert_eq!(high_water, fence),
        other => panic!("{other:?}"),
    }
    let mut rig = Rig::instant();
    let ctx = rig.ctx("lyon");
    let op = Op::from(StorageOp::SetPreference { group: GOLD.into(), site: site("lyon") }).0;
    assert!(matches!(lyon.execute(&ctx, &op).await, Outcome::Refused(_)));
}

#[tokio::test(start_paused = true)]
async fn the_three_parts_make_up_the_site() {
    let world = WorldSpec::demo(12, 7).build(START).unwrap();
    let sim = Sim::new(world, clock());
    let whole = sim.sim_site(&site("lyon")).unwrap();
    let mut parts = SiteInventory::empty(site("lyon"), START);
    whole.storage().inventory(&mut parts).await.unwrap();
    whole.hypervisor().inventory(&mut parts).await.unwrap();
    let mut all = whole.inventory().await.unwrap();
    all.observed_at = START;
    assert_eq!(parts, all);
    let mut rig = Rig::instant();
    let ctx = rig.ctx("lyon");
    let fence = FencingOp::FenceSite { site: site("paris") };
    assert!(matches!(whole.fencing().apply(&ctx, &fence).await, Outcome::Done(_)));
    let capabilities = whole.capabilities().await.unwrap();
    assert_eq!(capabilities.operations.len(), muster_contract::OperationKind::ALL.len());
    let (links, witnesses) = whole.surroundings().await.unwrap();
    assert_eq!((links.len(), links[0].rtt_ms, witnesses.len()), (1, 4.0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dead_site_answers_nothing() {
    let world = WorldSpec::demo(60, 7).build(START).unwrap();
    let sim = Sim::new(world, clock());
    let paris = sim.site(&site("paris")).unwrap();
    sim.control(Command::Break("site/paris".parse().unwrap())).unwrap();
    let mut rig = Rig::instant();
    let ctx = rig.ctx("paris");
    let outcome = paris.execute(&ctx, &Op::from(sync(SILVER)).0).await;
    assert_eq!(outcome, Outcome::unknown("no answer"));
    assert!(paris.inventory().await.is_err() && paris.capabilities().await.is_err());
    assert!(paris.operation(&ctx.op_id).await.is_err());
    assert!(matches!(paris.cancel(&ctx.op_id).await, Outcome::Unknown(_)));
}
