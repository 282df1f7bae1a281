//! Each fault, once.

use muster_contract::{ErrorClass, OpStatus, OperationKind, Outcome, Query, StorageOp};
use muster_plans::time::Span;

use super::rig::{GOLD, Op, Rig, SILVER, demote, force, shutdown, site};
use crate::control::{Command, Thing};
use crate::pipeline::Answer;
use crate::world::Settings;
use crate::{Fault, FaultId};

fn prefer(to: &str) -> StorageOp {
    StorageOp::SetPreference { group: GOLD.into(), site: site(to) }
}

/// A rig with a fault on the next change of preference at paris.
fn struck(id: FaultId) -> Rig {
    let mut rig = Rig::with(Settings { jitter: 0.0, ..Settings::default() });
    rig.fault(Fault::at(id, "paris").on(OperationKind::SetPreference).times(1));
    rig
}

fn preferred(rig: &mut Rig) -> String {
    rig.group("paris", GOLD).preferred.unwrap().to_string()
}

#[test]
fn f1_is_refused() {
    let mut rig = struck(FaultId::F1);
    rig.refused("paris", prefer("lyon"), "the backend refused");
    assert_eq!(preferred(&mut rig), "paris");
    rig.done("paris", prefer("lyon"));
}

#[test]
fn f2_is_lost_and_f3_is_done_without_an_answer() {
    let mut rig = struck(FaultId::F2);
    let ctx = rig.ctx("paris");
    assert!(matches!(rig.run_as(&ctx, prefer("lyon")), Outcome::Unknown(_)));
    rig.pass(Span::mins(20));
    assert_eq!(preferred(&mut rig), "paris");
    assert_eq!(rig.world.status(&site("paris"), &ctx.op_id).unwrap(), OpStatus::NotKnown);

    let mut rig = struck(FaultId::F3);
    let ctx = rig.ctx("paris");
    assert!(matches!(rig.run_as(&ctx, prefer("lyon")), Outcome::Unknown(_)));
    assert_eq!(preferred(&mut rig), "lyon");
    let status = rig.world.status(&site("paris"), &ctx.op_id).unwrap();
    assert!(matches!(status, OpStatus::Ended(Outcome::Done(_))));
}

#[test]
fn f4_is_done_when_nobody_waits_any_more() {
    let mut rig = struck(FaultId::F4);
    let ctx = rig.ctx("paris");
    assert!(matches!(rig.run_as(&ctx, prefer("lyon")), Outcome::Unknown(_)));
    assert_eq!(preferred(&mut rig), "paris");
    let query = Query::Group(GOLD.into());
    let observed = rig.world.query(&site("paris"), &query).unwrap();
    assert_eq!(observed.pending, [ctx.op_id]);
    rig.pass(Span::mins(1));
    assert_eq!(preferred(&mut rig), "lyon");
}

#[test]
fn f4_does_not_land_after_a_newer_word() {
    let mut rig = struck(FaultId::F4);
    rig.run("paris", prefer("lyon"));
    rig.done("paris", prefer("paris"));
    rig.pass(Span::mins(5));
    assert_eq!(preferred(&mut rig), "paris");
}

#[test]
fn f5_says_done_early_and_f6_says_it_for_nothing() {
    for (id, end) in [(FaultId::F5, "lyon"), (FaultId::F6, "paris")] {
        let mut rig = struck(id);
        rig.done("paris", prefer("lyon"));
        assert_eq!(preferred(&mut rig), "paris", "{id:?}");
        let query = Query::Group(GOLD.into());
        assert_eq!(rig.world.query(&site("paris"), &query).unwrap().pending, []);
        rig.pass(Span::mins(2));
        assert_eq!(preferred(&mut rig), end, "{id:?}");
    }
}

#[test]
fn f7_promotes_twice() {
    let mut rig = Rig::instant();
    rig.fault(Fault::at(FaultId::F7, "lyon").on(OperationKind::Promote).times(1));
    rig.mode = muster_contract::Mode::Unplanned;
    rig.cut("site/paris");
    let ctx = rig.ctx("lyon");
    assert!(matches!(rig.run_as(&ctx, force(SILVER)), Outcome::Done(_)));
    assert_eq!(rig.group("lyon", SILVER).generation, 2);
    rig.pass(Span::secs(2));
    assert_eq!(rig.group("lyon", SILVER).generation, 3);
    assert_eq!(rig.world.truth().effects[&ctx.op_id], 2);
}

#[test]
fn f8_comes_after_the_next_one_and_its_token_is_old_then() {
    let mut rig = struck(FaultId::F8);
    let first = rig.ctx("paris");
    rig.world.submit(&site("paris"), &first, &Op::from(prefer("lyon")).0);
    let second = rig.ctx("paris");
    let sync = StorageOp::Sync { group: GOLD.into() };
    rig.run_as(&second, sync);
    match rig.run_as(&first, prefer("lyon")) {
        Outcome::Refused(reason) => assert!(reason.message.contains("is not above")),
        other => panic!("{other:?}"),
    }
    // With nothing after it, it comes at its deadline.
    let mut rig = struck(FaultId::F8);
    let ctx = rig.ctx("paris");
    assert!(matches!(rig.run_as(&ctx, prefer("lyon")), Outcome::Done(_)));
    assert_eq!(rig.world.now(), ctx.deadline);
}

#[test]
fn f9_hangs_until_it_is_killed() {
    let mut rig = struck(FaultId::F9);
    let ctx = rig.ctx("paris");
    assert!(matches!(rig.run_as(&ctx, prefer("lyon")), Outcome::Unknown(_)));
    assert_eq!(rig.world.now(), ctx.deadline);
    // It keeps its object.
    let mut next = rig.ctx("paris");
    next.deadline = rig.world.now() + Span::secs(30);
    assert!(matches!(rig.run_as(&next, prefer("lyon")), Outcome::Refused(_)));
    let hang = Fault::at(FaultId::F9, "paris");
    rig.control(Command::Heal(Thing::Backend(hang)));
    assert_eq!(rig.world.status(&site("paris"), &ctx.op_id).unwrap(), OpStatus::NotKnown);
    rig.done("paris", prefer("lyon"));
}

#[test]
fn f10_does_half_of_it() {
    let mut rig = Rig::instant();
    rig.fault(Fault::at(FaultId::F10, "lyon").times(1));
    let vm = rig.vm("lyon-dev-01");
    let nic = |mac: &str| muster_contract::NicSpec { mac: mac.into(), network: "lyon-db".into() };
    let nics = vec![nic("52:54:00:aa:aa:01"), nic("52:54:00:aa:aa:02")];
    let op = muster_contract::HypervisorOp::ConnectNics { vm, nics };
    assert!(matches!(rig.run("lyon", op), Outcome::Unknown(_)));
    assert_eq!(rig.vm_state("lyon", "lyon-dev-01").unwrap().nics.len(), 2);
}

#[test]
fn f11_answers_from_an_old_cache_and_says_so() {
    let mut rig = Rig::instant();
    rig.fault(Fault::at(FaultId::F11, "paris"));
    let filled = rig.world.now();
    assert_eq!(preferred(&mut rig), "paris");
    rig.pass(Span::secs(30));
    rig.done("paris", prefer("lyon"));
    let stale = rig.world.query(&site("paris"), &Query::Group(GOLD.into())).unwrap();
    assert_eq!(stale.as_of, filled);
    assert_eq!(preferred(&mut rig), "paris");
    rig.pass(Span::mins(5));
    assert_eq!(preferred(&mut rig), "lyon");
}

#[test]
fn f12_flaps() {
    let mut rig = Rig::instant();
    rig.fault(Fault::at(FaultId::F12, "paris"));
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(rig.world.query(&site("paris"), &Query::Alive).is_ok());
        rig.pass(Span::secs(1));
    }
    let changes = answers.windows(2).filter(|two| two[0] != two[1]).count();
    assert!((3..=4).contains(&changes), "{answers:?}");
}

#[test]
fn f13_is_slow() {
    let mut rig = struck(FaultId::F13);
    let before = rig.world.now();
    rig.done("paris", prefer("lyon"));
    assert_eq!(rig.world.now().since(before), Span::secs(100));
}

#[test]
fn f14_f16_and_f17_are_told_apart() {
    for (id, class) in [
        (FaultId::F14, ErrorClass::Auth),
        (FaultId::F16, ErrorClass::Retry),
        (FaultId::F17, ErrorClass::Bug),
    ] {
        let mut rig = Rig::instant();
        rig.fault(Fault::at(id, "paris").times(2));
        let error = rig.world.query(&site("paris"), &Query::Alive).unwrap_err();
        assert_eq!(error.class, class, "{id:?}");
        let ctx = rig.ctx("paris");
        match (rig.run_as(&ctx, prefer("lyon")), id) {
            (Outcome::Unknown(_), FaultId::F17) => assert_eq!(preferred(&mut rig), "lyon"),
            (Outcome::Refused(reason), _) => {
                assert_eq!(reason.class, class);
                // Nothing is held against the operation id.
                assert!(matches!(rig.run_as(&ctx, prefer("lyon")), Outcome::Done(_)));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn f15_renames_and_moves_but_the_uuid_stays() {
    let mut rig = Rig::instant();
    let vm = rig.vm("shop-web-01");
    let host = rig.vm_state("paris", "shop-web-01").unwrap().host;
    rig.fault(Fault::at(FaultId::F15, "paris").object(format!("vm/{vm}")));
    let state = rig.vm_state("paris", "shop-web-01-renamed").unwrap();
    assert_ne!(state.host, host);
    rig.done("paris", shutdown(vm));
    let bad = Command::Break(Thing::Backend(Fault::at(FaultId::F15, "paris")));
    assert!(rig.world.control(&bad).is_err());
}

#[test]
fn f18_shows_another_time() {
    let mut rig = Rig::instant();
    rig.fault(Fault { behind: true, ..Fault::at(FaultId::F18, "paris") });
    let seen = rig.world.query(&site("paris"), &Query::Alive).unwrap().as_of;
    assert_eq!(rig.world.now().since(seen), Span::mins(60));
    let paris = rig.world.inventory(&site("paris")).unwrap();
    assert_eq!(paris.observed_at, seen);
}

#[test]
fn faults_hit_only_what_they_name() {
    let mut rig = Rig::instant();
    rig.fault(Fault::at(FaultId::F1, "paris").object(format!("group/{SILVER}")));
    rig.done("paris", prefer("lyon"));
    for name in rig.members(SILVER) {
        let vm = rig.vm(&name);
        rig.done("paris", shutdown(vm));
    }
    rig.refused("paris", demote(SILVER), "the backend refused");
    rig.control(Command::HealAll);
    rig.done("paris", demote(SILVER));
}

#[test]
fn odds_are_drawn_from_the_seed() {
    let mut rig = Rig::instant();
    rig.fault(Fault { odds: Some(0.5), ..Fault::at(FaultId::F16, "paris") });
    let refused = (0..200)
        .filter(|_| {
            let ctx = rig.ctx("paris");
            let op = Op::from(prefer("paris")).0;
            let answer = rig.world.submit(&site("paris"), &ctx, &op);
            matches!(answer, Answer::At(_, Outcome::Refused(_)))
        })
        .count();
    assert!((70..130).contains(&refused), "{refused}");
}
