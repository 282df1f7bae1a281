//! The pre-copy model and the rule file.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn rounds_follow_the_series(
        memory in 1.0..1_000_000.0_f64,
        share in 0.0..0.999_f64,
        bandwidth in 1.0..10_000.0_f64,
        switch_over in 0.01..5.0_f64,
        limit in 1..200_u32,
    ) {
        let dirty = bandwidth * share;
        let model = PreCopy::model(memory, dirty, bandwidth, switch_over, limit).unwrap();
        // R/B * (1 + q + q^2 + ...) over the rounds, and R/B * q^rounds for the rest.
        let rounds = f64::from(model.rounds);
        let running = memory / bandwidth * (1.0 - share.powf(rounds)) / (1.0 - share);
        let stopped = memory / bandwidth * share.powf(rounds);
        let near = |span: Span, secs: f64| (span.as_secs_f64() - secs).abs() < 0.002 + secs * 1e-6;
        prop_assert!(near(model.running, running), "{model:?} {running}");
        prop_assert!(near(model.stopped, stopped), "{model:?} {stopped}");
        prop_assert!(model.rounds >= 1 && model.rounds <= limit);
        prop_assert!(model.rounds == limit || stopped <= switch_over * 1.000_001);
        let sent = (running + stopped) * bandwidth * 1_048_576.0;
        prop_assert!((model.bytes as f64 - sent).abs() <= 2.0 + sent * 1e-6);
    }

    #[test]
    fn what_is_dirtied_faster_than_sent_never_ends(
        memory in 1.0..1_000_000.0_f64,
        bandwidth in 0.0..10_000.0_f64,
        more in 0.0..10_000.0_f64,
    ) {
        prop_assert_eq!(PreCopy::model(memory, bandwidth + more, bandwidth, 1.0, 30), None);
    }
}

#[test]
fn a_move_is_refused_with_the_number() {
    let mut world = World::new();
    let vm =
        VirtualMachine { dirty_mib_s: 120, ..world.vm("erp", Some(ReplicationMode::Stretched)) };
    let judged = world.judge(&vm, Method::LongDistanceActiveActive);
    assert_eq!(judged.forecast, None);
    insta::assert_snapshot!(judged.against[0], @"memory is dirtied at 120 MiB/s, the line carries 119.21 MiB/s: the copy would never end (dirty-rate: pre-copy model: the rounds only shrink while the dirty rate is below the bandwidth)");
}

#[test]
fn a_lossy_line_carries_less_and_a_broken_measurement_nothing() {
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Stretched));
    let took = |world: &World| {
        world.judge(&vm, Method::LongDistanceActiveActive).forecast.map(|f| f.duration)
    };
    let whole = took(&world);
    world.link.as_mut().unwrap().loss = 0.5;
    assert!(took(&world) > whole);
    world.link.as_mut().unwrap().bandwidth_mbps = f64::NAN;
    let judged = world.judge(&vm, Method::LongDistanceActiveActive);
    assert!(!judged.eligible);
    assert_eq!(judged.forecast, None);
}

#[test]
fn rules_are_data_with_sources() {
    let rules = Rules::default();
    let json = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<Rules>(&json).unwrap(), rules);
    assert!(RuleId::ALL.iter().all(|rule| !rule.source().is_empty()));
    let numbers: Vec<String> = RuleId::ALL
        .iter()
        .filter_map(|rule| Some(format!("{rule} {} {}", rules.limit(*rule)?, rule.unit())))
        .collect();
    insta::assert_snapshot!(numbers.join("\n"));
    let short: Rules = serde_json::from_str(r#"{"version": 1}"#).unwrap();
    assert_eq!(short.limit(RuleId::LiveRtt), Some(150.0));
    let typo = r#"{"version": 1, "limits": {"live-rrt": {"value": 1.0, "source": "x"}}}"#;
    assert!(serde_json::from_str::<Rules>(typo).is_err());
}

#[test]
fn costs_mix_by_sum_up_to_the_caps() {
    let caps = Caps::default();
    // Eight vMotions, two storage vMotions, or one storage vMotion and four vMotions on a host.
    assert_eq!(caps.host / caps.of(Method::VMotion).host, 8);
    assert_eq!(caps.host / caps.of(Method::StorageVMotion).host, 2);
    assert_eq!(caps.of(Method::StorageVMotion).host + 4 * caps.of(Method::VMotion).host, 8);
    assert_eq!(caps.datastore / caps.of(Method::XvMotion).datastore, 8);
    assert_eq!((caps.network(1000), caps.network(10_000)), (4, 8));
    for method in Method::ALL {
        assert_eq!(caps.of(method).network == 1, method.copies_memory(), "{method}");
        assert_eq!(caps.of(method).datastore == 16, method.copies_disks(), "{method}");
    }
}
