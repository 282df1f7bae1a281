//! One VM, all methods.

#![expect(clippy::type_complexity, reason = "a table of cases, read once")]

use super::*;

#[test]
fn a_stretched_vm() {
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Stretched));
    insta::assert_snapshot!(told(&world.assess(&vm)));
}

#[test]
fn an_asynchronous_vm_far_away() {
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Async));
    world.rtt(40.0);
    insta::assert_snapshot!(told(&world.assess(&vm)));
}

#[test]
fn a_vm_that_does_not_replicate_and_does_not_run() {
    let mut world = World::new();
    let vm = VirtualMachine { power: Power::Off, ..world.vm("erp", None) };
    world.rtt(151.0);
    insta::assert_snapshot!(told(&world.assess(&vm)));
}

#[test]
fn inside_one_site() {
    let mut world = World::new();
    let vm = world.vm("erp", None);
    world.paris.hosts.push(host("paris", 2));
    world.paris.hosts.iter_mut().for_each(|host| host.containers.push("spare".into()));
    world
        .paris
        .containers
        .push(StorageContainer { id: "spare".into(), ..world.paris.containers[0].clone() });
    let all = assess(&vm, &world.paris, &world.paris, None, &world.rules, &Method::ALL);
    insta::assert_snapshot!(told(&all));
}

#[test]
fn its_own_host_is_no_target() {
    let mut world = World::new();
    let vm = world.vm("erp", None);
    let facts = PairFacts::new(&world.paris, &world.paris, None, &world.rules);
    let alone = facts.judge(&vm, Method::VMotion, &Method::ALL);
    assert_eq!(alone.against[0].rule, RuleId::HostUp, "{alone:#?}");
}

/// Rules that a method breaks.
fn broken(world: &World, vm: &VirtualMachine, method: Method) -> Vec<RuleId> {
    world.judge(vm, method).against.into_iter().map(|against| against.rule).collect()
}

#[test]
fn each_rule_of_active_active_refuses_alone() {
    let method = Method::LongDistanceActiveActive;
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Stretched));
    assert_eq!(broken(&world, &vm, method), []);
    let cases: [(RuleId, fn(&mut World, &mut VirtualMachine)); 15] = [
        (RuleId::Running, |_, vm| vm.power = Power::Suspended),
        (RuleId::LinkUp, |w, _| w.link = None),
        (RuleId::LinkUp, |w, _| w.link.as_mut().unwrap().up = false),
        (RuleId::StretchedRtt, |w, _| w.rtt(10.5)),
        (RuleId::LiveBandwidth, |w, _| w.link.as_mut().unwrap().bandwidth_mbps = 249.0),
        (RuleId::LiveBandwidth, |w, _| w.lyon.hosts[0].migration_mbps = 100),
        (RuleId::DirtyRate, |_, vm| vm.dirty_mib_s = 120),
        (RuleId::InSync, |w, _| w.lyon.groups[0].in_sync = false),
        (RuleId::Visible, |w, _| w.lyon.endpoints[0].up = false),
        (RuleId::VolumeKnown, |w, _| w.lyon.volumes.clear()),
        (RuleId::Stretched, |w, _| w.paris.groups[0].mode = ReplicationMode::Sync),
        (RuleId::HostUp, |w, _| w.lyon.hosts[0].state = HostState::Standby),
        (RuleId::CpuFamily, |w, _| w.lyon.hosts[0].cpu_family = "zen".to_owned()),
        (RuleId::Memory, |w, _| w.lyon.hosts[0].free_mib = 4095),
        (RuleId::HostKnown, |_, vm| vm.host = None),
    ];
    for (rule, spoil) in cases {
        let mut world = World::new();
        let mut vm = world.vm("erp", Some(ReplicationMode::Stretched));
        spoil(&mut world, &mut vm);
        assert!(broken(&world, &vm, method).contains(&rule), "{rule} does not refuse");
    }
    world.lyon.hosts[0].containers.clear();
    assert_eq!(broken(&world, &vm, method), [RuleId::SharedStorage]);
}

#[test]
fn a_long_way_between_arrays_warns_before_it_refuses() {
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Stretched));
    world.rtt(7.5);
    let judged = world.judge(&vm, Method::LongDistanceActiveActive);
    assert!(judged.eligible);
    insta::assert_snapshot!(judged.warnings[0], @"round trip is 7.5 ms, advised are 5 ms (stretched-rtt-warn: stretched storage: most vendors support 5 ms)");
    let limit = Limit { value: 20.0, source: "the array's own manual".into() };
    world.rules = world.rules.overridden(&BTreeMap::from([(RuleId::StretchedRtt, limit)]));
    world.rtt(15.0);
    assert!(world.judge(&vm, Method::LongDistanceActiveActive).eligible);
    world.rtt(21.0);
    let judged = world.judge(&vm, Method::LongDistanceActiveActive);
    insta::assert_snapshot!(judged.against[0], @"round trip is 21 ms, limit is 20 ms (stretched-rtt: the array's own manual)");
}

#[test]
fn each_rule_of_active_passive_refuses_alone() {
    let method = Method::LongDistanceActivePassive;
    for mode in [ReplicationMode::Async, ReplicationMode::Sync, ReplicationMode::Cdp] {
        let mut world = World::new();
        let vm = world.vm("erp", Some(mode));
        assert_eq!(broken(&world, &vm, method), [], "{mode:?}");
    }
    let cases: [(RuleId, fn(&mut World)); 6] = [
        (RuleId::Source, |w| w.paris.groups[0].writable = false),
        (RuleId::Replica, |w| w.lyon.groups[0].role = ReplicaRole::InTest),
        (RuleId::Replica, |w| w.paris.groups[0].peer = "nice".into()),
        (RuleId::LagIntervals, |w| w.lyon.groups[0].lag = None),
        (RuleId::LagIntervals, |w| w.lyon.groups[0].lag = Some(Span::mins(16))),
        (RuleId::Visible, |w| w.paris.endpoints[0].up = false),
    ];
    for (rule, spoil) in cases {
        let mut world = World::new();
        let vm = world.vm("erp", Some(ReplicationMode::Async));
        spoil(&mut world);
        assert_eq!(broken(&world, &vm, method), [rule]);
    }
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Async));
    let other = world.vm("app", Some(ReplicationMode::Async));
    world.paris.volumes[1].group = Some("cg-erp".into());
    let judged = world.judge(&vm, method);
    insta::assert_snapshot!(judged.against[0], @"app writes to cg-erp too (group-alone: a group changes its role as a whole; another running VM on it would lose its storage)");
    world.paris.vms[1].power = Power::Off;
    assert_eq!(broken(&world, &vm, method), []);
    drop(other);
}

#[test]
fn managers_decide_between_vmotion_and_cross_manager() {
    let mut world = World::new();
    let vm = world.vm("erp", None);
    assert_eq!(broken(&world, &vm, Method::XvMotion), [RuleId::SameManager]);
    assert_eq!(broken(&world, &vm, Method::CrossManager), []);
    world.lyon.clusters[0].manager = "manager-paris".into();
    assert_eq!(broken(&world, &vm, Method::XvMotion), []);
    assert_eq!(broken(&world, &vm, Method::CrossManager), [RuleId::OtherManager]);
    assert_eq!(broken(&world, &vm, Method::VMotion), [RuleId::SharedStorage]);
    world.lyon.hosts[0].containers.push("paris-pool".into());
    assert_eq!(broken(&world, &vm, Method::VMotion), []);
    world.lyon.containers[0].free_gib = 9;
    assert_eq!(broken(&world, &vm, Method::XvMotion), [RuleId::Space]);
}

#[test]
fn what_no_adapter_offers_is_not_eligible_but_a_restart_always_is_offered() {
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Stretched));
    let all = assess(&vm, &world.paris, &world.lyon, world.link.as_ref(), &world.rules, &[]);
    let eligible: Vec<Method> = all.iter().filter(|a| a.eligible).map(|a| a.method).collect();
    assert_eq!(eligible, [Method::Restart]);
    assert!(
        all.iter().all(|a| a.eligible || a.against.iter().any(|x| x.rule == RuleId::Supported))
    );
}

#[test]
fn the_first_eligible_preference_is_chosen_and_the_rest_is_told() {
    let mut world = World::new();
    let vm = world.vm("erp", Some(ReplicationMode::Async));
    let prefer =
        [Method::LongDistanceActiveActive, Method::LongDistanceActivePassive, Method::Restart];
    let facts = PairFacts::new(&world.paris, &world.lyon, world.link.as_ref(), &world.rules);
    let choice = facts.choose(&vm, &prefer, &Method::ALL);
    assert_eq!(choice.method, Method::LongDistanceActivePassive);
    assert_eq!(choice.refused.len(), 1);
    assert_eq!(choose(&world.assess(&vm), &prefer), choice.method);
    assert_eq!(choose(&world.assess(&vm), &[Method::VMotion]), Method::Restart);
    assert_eq!(facts.choose(&vm, &[], &Method::ALL).method, Method::Restart);
}
