//! Live moves.

use muster_contract::{ErrorClass, HypervisorOp, NicSpec, Outcome};
use muster_plans::inventory::Power;
use muster_plans::mobility::Method;
use muster_plans::time::Span;

use super::rig::{BRONZE, GOLD, Op, Rig, site};
use crate::pipeline::Answer;
use crate::world::Settings;
use crate::{Fault, FaultId};

fn to_lyon(rig: &mut Rig, name: &str, method: Method) -> HypervisorOp {
    let mac = rig.vm_state("paris", name).unwrap().nics[0].mac.clone();
    let network = if name.contains("-db-") { "lyon-db" } else { "lyon-app" };
    HypervisorOp::Migrate {
        vm: rig.vm(name),
        method,
        to_site: site("lyon"),
        to_host: "lyon-h02".into(),
        nics: vec![NicSpec { mac: mac.as_str().into(), network: network.into() }],
    }
}

#[test]
fn a_vm_on_stretched_storage_moves_and_goes_on() {
    let mut rig = Rig::with(Settings { jitter: 0.0, ..Settings::default() });
    rig.pass(Span::secs(10));
    let op = to_lyon(&mut rig, "shop-db-01", Method::LongDistanceActiveActive);
    let before = rig.world.now();
    let receipt = rig.done("paris", op.clone());
    assert!(receipt.note.unwrap().starts_with("stun "));
    // 16 GiB over 10 Gbit/s, dirtied at 180 MiB/s: about a quarter of a minute.
    let took = rig.world.now().since(before);
    assert!(took > Span::secs(13) && took < Span::secs(20), "{took}");
    assert!(rig.vm_state("paris", "shop-db-01").is_none());
    let there = rig.vm_state("lyon", "shop-db-01").unwrap();
    assert!(there.heartbeat && there.wrote, "it never stopped: {there:?}");
    assert_eq!(there.nics[0].network.as_ref().unwrap().as_str(), "lyon-db");
    assert!(rig.done("paris", op).already);
    rig.pass(Span::secs(10));
    let truth = rig.honest();
    assert!(truth.lost.is_empty());
    assert_eq!(rig.writers(GOLD).len(), 2);
}

#[test]
fn progress_can_be_seen_and_a_move_can_be_cancelled() {
    let mut rig = Rig::with(Settings::default());
    let op = to_lyon(&mut rig, "shop-db-01", Method::LongDistanceActiveActive);
    let ctx = rig.ctx("paris");
    let answer = rig.world.submit(&site("paris"), &ctx, &Op::from(op).0);
    assert!(matches!(answer, Answer::Wait(_)));
    rig.pass(Span::secs(8));
    let moving = rig.vm_state("paris", "shop-db-01").unwrap().moving.unwrap();
    assert!(moving.fraction > 0.3 && moving.fraction < 0.9, "{moving:?}");
    assert_eq!(rig.world.cancel(&site("paris"), &ctx.op_id), Outcome::Done(()));
    let state = rig.vm_state("paris", "shop-db-01").unwrap();
    assert_eq!((state.power, state.moving), (Power::On, None));
    assert!(rig.vm_state("lyon", "shop-db-01").is_none());
}

#[test]
fn a_failed_move_leaves_the_vm_where_it_was() {
    let mut rig = Rig::with(Settings::default());
    rig.fault(Fault::at(FaultId::F1, "paris").on(muster_contract::OperationKind::Migrate).times(1));
    let op = to_lyon(&mut rig, "shop-db-01", Method::LongDistanceActiveActive);
    rig.refused("paris", op.clone(), "the backend refused");
    assert_eq!(rig.vm_state("paris", "shop-db-01").unwrap().power, Power::On);
    rig.done("paris", op);

    // The link goes while the memory is under way.
    let op = to_lyon(&mut rig, "shop-db-02", Method::LongDistanceActiveActive);
    let ctx = rig.ctx("paris");
    rig.world.submit(&site("paris"), &ctx, &Op::from(op.clone()).0);
    rig.pass(Span::secs(3));
    rig.cut("link/paris/lyon");
    match rig.run_as(&ctx, op) {
        Outcome::Refused(reason) => assert_eq!(reason.class, ErrorClass::Retry),
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.vm_state("paris", "shop-db-02").unwrap().power, Power::On);
    rig.honest();
}

#[test]
fn a_move_is_refused_with_its_numbers() {
    let mut rig = Rig::instant();
    let lower = |rig: &mut Rig, mbps: f64, rtt_ms: f64| {
        let (a, b) = (site("paris"), site("lyon"));
        rig.control(crate::Command::TuneLink { a, b, rtt_ms, bandwidth_mbps: mbps, loss: 0.0 });
    };
    lower(&mut rig, 1000.0, 4.0);
    let op = to_lyon(&mut rig, "shop-db-01", Method::LongDistanceActiveActive);
    rig.refused("paris", op.clone(), "180 MiB/s and 125 MiB/s");
    lower(&mut rig, 10_000.0, 200.0);
    rig.refused("paris", op, "200 ms");
    lower(&mut rig, 10_000.0, 4.0);
    let op = to_lyon(&mut rig, "bank-app-01", Method::LongDistanceActiveActive);
    rig.refused("paris", op, "not stretched");
    let op = to_lyon(&mut rig, "bank-app-01", Method::CrossManager);
    rig.refused("paris", op, "tear");
    let op = to_lyon(&mut rig, "bank-app-01", Method::Restart);
    rig.refused("paris", op, "no live move");
}

#[test]
fn a_role_flip_takes_the_whole_group_along() {
    let mut rig = Rig::with(Settings { jitter: 0.0, ..Settings::default() });
    rig.pass(Span::mins(6));
    let names = rig.members(BRONZE);
    assert_eq!(names.len(), 3);
    let mut asked = Vec::new();
    for name in &names {
        let op = to_lyon(&mut rig, name, Method::LongDistanceActivePassive);
        let ctx = rig.ctx("paris");
        rig.world.submit(&site("paris"), &ctx, &Op::from(op.clone()).0);
        asked.push((ctx, op));
        rig.pass(Span::secs(2));
    }
    for (ctx, op) in asked {
        match rig.run_as(&ctx, op) {
            Outcome::Done(receipt) => assert!(!receipt.already),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rig.writers(BRONZE), ["lyon"]);
    rig.pass(Span::mins(11));
    for name in &names {
        assert!(rig.vm_state("paris", name).is_none());
        assert!(rig.vm_state("lyon", name).unwrap().heartbeat);
    }
    // Replication runs the other way by itself.
    let back = rig.group("paris", BRONZE);
    assert!(back.points[0].taken_at > rig.world.now() - Span::mins(6), "{back:?}");
    let truth = rig.honest();
    assert!(truth.lost.is_empty() && truth.discarded.is_empty());
}

#[test]
fn a_role_flip_does_not_leave_others_behind() {
    let mut rig = Rig::with(Settings::default());
    let op = to_lyon(&mut rig, "bank-app-01", Method::LongDistanceActivePassive);
    rig.refused("paris", op, "runs in the same group");
    assert_eq!(rig.writers(BRONZE), ["paris"]);
    assert_eq!(rig.vm_state("paris", "bank-app-01").unwrap().power, Power::On);
}

#[test]
fn a_vm_without_replication_takes_its_disks_along() {
    let mut rig = Rig::instant();
    let op = HypervisorOp::Migrate {
        vm: rig.vm("lyon-dev-01"),
        method: Method::CrossManager,
        to_site: site("paris"),
        to_host: "paris-h01".into(),
        nics: Vec::new(),
    };
    rig.done("lyon", op);
    assert_eq!(rig.vm_state("paris", "lyon-dev-01").unwrap().power, Power::On);
    let paris = rig.world.inventory(&site("paris")).unwrap();
    let vm = paris.vms.iter().find(|vm| vm.name.as_ref() == "lyon-dev-01").unwrap();
    assert!(vm.objects.iter().all(|object| object.container.as_str() == "paris-local"));
    assert_eq!(vm.objects.len(), 3);
}
