//! Many VMs, and whether compute and storage agree.

use super::*;

const COPY_FIRST: [Method; 2] = [Method::CrossManager, Method::LongDistance];

fn fleet(world: &mut World, vms: usize, rtt_ms: f64) -> Fleet {
    let machines: Vec<VirtualMachine> =
        (0..vms).map(|n| world.vm(&format!("vm-{n}"), Some(ReplicationMode::Async))).collect();
    world.rtt(rtt_ms);
    let facts = PairFacts::new(&world.paris, &world.lyon, world.link.as_ref(), &world.rules);
    let wanted = machines.iter().map(|vm| (vm, COPY_FIRST.as_slice()));
    assess_fleet(&facts, wanted, &Method::ALL)
}

fn methods(fleet: &Fleet) -> Vec<Method> {
    let mut methods: Vec<Method> = fleet.moves.iter().map(|m| m.choice.method).collect();
    methods.dedup();
    methods
}

#[test]
fn a_few_vms_may_be_copied_over_a_long_way_and_a_site_may_not() {
    let few = fleet(&mut World::new(), 3, 5.0);
    assert_eq!((methods(&few), few.refused.len()), (vec![Method::CrossManager], 0));
    let near = fleet(&mut World::new(), 4, 4.9);
    assert_eq!((methods(&near), near.refused.len()), (vec![Method::CrossManager], 0));
    let site = fleet(&mut World::new(), 4, 5.0);
    assert_eq!(methods(&site), [Method::Restart]);
    assert!(site.moves.iter().all(|m| m.choice.refused.len() == 2));
    let words: Vec<String> = site.refused.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(words.join("\n"));
}

#[test]
fn a_fleet_takes_at_least_what_the_link_carries() {
    let fleet = fleet(&mut World::new(), 3, 5.0);
    let bytes: u64 = fleet.moves.iter().map(|m| m.choice.forecast.unwrap().link_bytes).sum();
    assert_eq!(fleet.link_bytes, bytes);
    // 1000 Mbit/s are 125,000,000 bytes each second.
    assert_eq!(fleet.live_at_least, Span(bytes.div_ceil(125_000)));
}

#[test]
fn affinity_drift_is_told() {
    let mut world = World::new();
    let stretched = Some(ReplicationMode::Stretched);
    world.vm("at-home", stretched);
    world.vm("away", stretched);
    world.paris.groups[1].preferred = Some("lyon".into());
    let divided = world.vm("divided", stretched);
    let mut second = divided.objects[0].clone();
    second.volume = "away-disk".into();
    world.paris.vms[2].objects.push(second);
    world.vm("off", stretched);
    world.paris.vms[3].power = Power::Off;
    world.paris.groups[3].preferred = Some("lyon".into());
    world.vm("asynchronous", Some(ReplicationMode::Async));
    let sites = [world.paris, world.lyon].map(|site| (site.site.clone(), site)).into();
    let inventory = Inventory { sites, ..Inventory::default() };
    let words: Vec<String> = affinity_drift(&inventory).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(words.join("\n"), @r"
    away runs at paris, but its storage cg-away prefers lyon
    divided runs at paris, but its storage cg-away prefers lyon
    storage of divided prefers two sites: cg-away prefers lyon, cg-divided prefers paris
    cg-away prefers lyon, but its detach rule lets paris win
    cg-off prefers lyon, but its detach rule lets paris win
    ");
}
