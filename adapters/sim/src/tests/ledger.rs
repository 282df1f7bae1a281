//! Operation ids, tokens, modes, deadlines.

use muster_contract::{
    ErrorClass, FenceDomain, HypervisorOp, Instance, OpStatus, Operation, Outcome, StorageOp, Token,
};
use muster_plans::time::Span;

use super::rig::{GOLD, Op, Rig, SILVER, power_on, shutdown, site, sync};
use crate::pipeline::Answer;
use crate::world::Settings;

fn prefer(to: &str) -> StorageOp {
    StorageOp::SetPreference { group: GOLD.into(), site: site(to) }
}

fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> (ErrorClass, String) {
    match outcome {
        Outcome::Refused(reason) => (reason.class, reason.message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_id_gives_the_same_result_and_one_effect() {
    let mut rig = Rig::with(Settings::default());
    let ctx = rig.ctx("paris");
    let op = Op::from(prefer("lyon")).0;
    // Five at once.
    for _ in 0..5 {
        assert!(matches!(rig.world.submit(&site("paris"), &ctx, &op), Answer::Wait(_)));
    }
    assert_eq!(rig.world.status(&site("paris"), &ctx.op_id).unwrap(), OpStatus::Pending);
    let first = rig.run_as(&ctx, prefer("lyon"));
    assert!(matches!(&first, Outcome::Done(receipt) if !receipt.already));
    rig.done("paris", prefer("paris"));
    // The world has moved on; the answer has not, and nothing happens again.
    assert_eq!(rig.run_as(&ctx, prefer("lyon")), first);
    let status = rig.world.status(&site("paris"), &ctx.op_id).unwrap();
    assert_eq!(status, OpStatus::Ended(first));
    assert_eq!(rig.group("paris", GOLD).preferred, Some(site("paris")));
    assert_eq!(rig.world.truth().effects[&ctx.op_id], 1);
}

#[test]
fn the_same_id_with_other_arguments_is_refused() {
    let mut rig = Rig::instant();
    let ctx = rig.ctx("paris");
    rig.run_as(&ctx, prefer("lyon"));
    let (class, text) = refusal(rig.run_as(&ctx, prefer("paris")));
    assert_eq!(class, ErrorClass::Precondition);
    assert!(text.contains("other arguments"), "{text}");
}

#[test]
fn a_lower_token_is_refused_at_the_effect() {
    let mut rig = Rig::with(Settings::default());
    let old = rig.ctx("paris");
    let new = rig.ctx("paris");
    // The higher one is under way when the lower one arrives, and arrives in good order.
    rig.world.submit(&site("paris"), &new, &Op::from(prefer("lyon")).0);
    rig.world.submit(&site("paris"), &old, &Op::from(prefer("paris")).0);
    let (_, text) = refusal(rig.run_as(&old, prefer("paris")));
    assert!(text.contains("is not above"), "{text}");
    assert_eq!(rig.group("paris", GOLD).preferred, Some(site("lyon")));
    // Somebody whose word counts may still ask for it.
    let mut again = old.clone();
    again.token = Token { seq: 99, ..old.token };
    assert!(matches!(rig.run_as(&again, prefer("paris")), Outcome::Done(_)));
}

#[test]
fn a_fence_that_rises_meanwhile_stops_what_is_under_way() {
    let mut rig = Rig::with(Settings::default());
    let ctx = rig.ctx("paris");
    rig.world.submit(&site("paris"), &ctx, &Op::from(prefer("lyon")).0);
    let fence = Token { incarnation: 1, epoch: 2, seq: 0 };
    let domain = FenceDomain { site: site("paris"), group: Some("shop".into()) };
    assert_eq!(rig.world.raise(&site("paris"), &domain, fence), Outcome::Done(fence));
    let lower = Token { incarnation: 1, epoch: 1, seq: 0 };
    assert_eq!(rig.world.raise(&site("paris"), &domain, lower), Outcome::Done(fence));
    let (class, text) = refusal(rig.run_as(&ctx, prefer("lyon")));
    assert_eq!(class, ErrorClass::Precondition);
    assert!(text.contains("below the fence"), "{text}");
    assert_eq!(rig.group("paris", GOLD).preferred, Some(site("paris")));
    assert_eq!(rig.world.status(&site("paris"), &ctx.op_id).unwrap(), OpStatus::NotKnown);
    // Another domain at the same site is not concerned.
    let mut other = rig.ctx("paris");
    other.domain.group = Some("bank".into());
    assert!(matches!(rig.run_as(&other, prefer("lyon")), Outcome::Done(_)));
}

#[test]
fn objects_of_one_domain_do_not_wait_for_each_other() {
    let mut rig = Rig::with(Settings::default());
    let low = rig.ctx("paris");
    let high = rig.ctx("paris");
    let [a, b] = ["archive-01", "archive-02"].map(|name| rig.vm(name));
    assert!(matches!(rig.run_as(&high, shutdown(a)), Outcome::Done(_)));
    assert!(matches!(rig.run_as(&low, shutdown(b)), Outcome::Done(_)));
}

#[test]
fn mutations_of_one_object_queue_up() {
    let mut rig = Rig::with(Settings { jitter: 0.0, ..Settings::default() });
    let vm = rig.vm("archive-01");
    let (first, second) = (rig.ctx("paris"), rig.ctx("paris"));
    rig.world.submit(&site("paris"), &first, &Op::from(shutdown(vm)).0);
    rig.world.submit(&site("paris"), &second, &Op::from(power_on(vm)).0);
    let pending =
        rig.world.query(&site("paris"), &muster_contract::Query::Vm(Instance::Production(vm)));
    assert_eq!(pending.unwrap().pending, [first.op_id, second.op_id]);
    let start = rig.world.now();
    assert!(matches!(rig.run_as(&second, power_on(vm)), Outcome::Done(_)));
    assert_eq!(rig.world.now().since(start), Span(20_500 + 3000));
}

#[test]
fn whoever_waits_until_the_deadline_did_nothing() {
    let mut rig = Rig::with(Settings::default());
    let vm = rig.vm("archive-01");
    let first = rig.ctx("paris");
    rig.world.submit(&site("paris"), &first, &Op::from(shutdown(vm)).0);
    let mut second = rig.ctx("paris");
    second.deadline = rig.world.now() + Span::secs(5);
    let (class, _) = refusal(rig.run_as(&second, HypervisorOp::Suspend(vm)));
    assert_eq!(class, ErrorClass::Retry);
    assert_eq!(rig.world.now(), second.deadline);
}

#[test]
fn a_deadline_in_the_middle_leaves_it_open() {
    let mut rig = Rig::with(Settings::default());
    let vm = rig.vm("archive-01");
    let mut ctx = rig.ctx("paris");
    ctx.deadline = rig.world.now() + Span::secs(5);
    assert!(matches!(rig.run_as(&ctx, shutdown(vm)), Outcome::Unknown(_)));
    assert_eq!(rig.world.now(), ctx.deadline);
    assert_eq!(rig.world.status(&site("paris"), &ctx.op_id).unwrap(), OpStatus::Pending);
    assert!(matches!(rig.world.cancel(&site("paris"), &ctx.op_id), Outcome::Unknown(_)));
    rig.pass(Span::mins(1));
    let status = rig.world.status(&site("paris"), &ctx.op_id).unwrap();
    assert!(matches!(status, OpStatus::Ended(Outcome::Done(_))), "{status:?}");
    assert!(matches!(rig.world.cancel(&site("paris"), &ctx.op_id), Outcome::Refused(_)));
}

#[test]
fn what_was_cancelled_before_it_came_is_refused() {
    let mut rig = Rig::with(Settings::default());
    let vm = rig.vm("archive-01");
    let ctx = rig.ctx("paris");
    assert_eq!(rig.world.cancel(&site("paris"), &ctx.op_id), Outcome::Done(()));
    let (class, why) = refusal(rig.run_as(&ctx, shutdown(vm)));
    assert_eq!((class, why.as_str()), (ErrorClass::Precondition, "cancelled before it came"));
}

#[test]
fn what_was_refused_for_its_token_alone_can_be_cancelled_for_good() {
    let mut rig = Rig::with(Settings::default());
    let ctx = rig.ctx("paris");
    let floor = Token { seq: ctx.token.seq + 1, ..ctx.token };
    let raised = rig.world.raise(&site("paris"), &ctx.domain, floor);
    assert_eq!(raised, Outcome::Done(floor));
    refusal(rig.run_as(&ctx, prefer("lyon")));
    // As good as never asked for: whoever must know that it never comes can make sure of it.
    assert_eq!(rig.world.status(&site("paris"), &ctx.op_id).unwrap(), OpStatus::NotKnown);
    assert_eq!(rig.world.cancel(&site("paris"), &ctx.op_id), Outcome::Done(()));
    let newer = muster_contract::OpContext { token: floor, ..ctx };
    let (_, why) = refusal(rig.run_as(&newer, prefer("lyon")));
    assert_eq!(why, "cancelled before it came");
}

#[test]
fn a_dry_run_changes_nothing() {
    let mut rig = Rig::with(Settings::default());
    let vm = rig.vm("archive-01");
    let ops: Vec<Operation> = vec![
        Op::from(prefer("lyon")).0,
        Op::from(sync(SILVER)).0,
        Op::from(shutdown(vm)).0,
        Op::from(super::rig::promote(SILVER)).0,
        Op::from(HypervisorOp::Rescan).0,
    ];
    let contexts: Vec<_> = ops.iter().map(|_| rig.ctx("paris")).collect();
    let before = serde_json::to_string(&rig.world).unwrap();
    for (mut ctx, op) in contexts.into_iter().zip(&ops) {
        ctx.dry_run = true;
        let answer = rig.world.submit(&site("paris"), &ctx, op);
        assert!(matches!(answer, Answer::At(..)), "{op:?}");
    }
    assert_eq!(serde_json::to_string(&rig.world).unwrap(), before);
}

#[test]
fn a_site_that_does_not_answer() {
    let mut rig = Rig::with(Settings::default());
    rig.cut("server-link/paris");
    let vm = rig.vm("archive-01");
    let ctx = rig.ctx("paris");
    assert!(matches!(rig.run_as(&ctx, shutdown(vm)), Outcome::Unknown(_)));
    let error = rig.world.query(&site("paris"), &muster_contract::Query::Alive).unwrap_err();
    assert_eq!(error.class, ErrorClass::Retry);
    rig.heal("server-link/paris");
    assert_eq!(rig.world.status(&site("paris"), &ctx.op_id).unwrap(), OpStatus::NotKnown);

    // Cut while it is under way: it happens all the same, and is found afterwards.
    let ctx = rig.ctx("paris");
    rig.world.submit(&site("paris"), &ctx, &Op::from(shutdown(vm)).0);
    rig.cut("server-link/paris");
    assert!(matches!(rig.run_as(&ctx, shutdown(vm)), Outcome::Unknown(_)));
    rig.pass(Span::mins(1));
    rig.heal("server-link/paris");
    let status = rig.world.status(&site("paris"), &ctx.op_id).unwrap();
    assert!(matches!(status, OpStatus::Ended(Outcome::Done(_))), "{status:?}");
}

#[test]
fn a_power_loss_cuts_operations_either_way() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..12 {
        let mut rig = Rig::of(crate::WorldSpec::demo(60, seed));
        let ctx = rig.ctx("paris");
        rig.world.submit(&site("paris"), &ctx, &Op::from(prefer("lyon")).0);
        rig.cut("site/paris");
        assert!(matches!(rig.run_as(&ctx, prefer("lyon")), Outcome::Unknown(_)));
        rig.heal("site/paris");
        let happened = rig.group("paris", GOLD).preferred == Some(site("lyon"));
        let status = rig.world.status(&site("paris"), &ctx.op_id).unwrap();
        assert_eq!(matches!(status, OpStatus::Ended(Outcome::Done(_))), happened, "{status:?}");
        seen.insert(happened);
    }
    assert_eq!(seen.len(), 2);
}
