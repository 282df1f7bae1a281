//! What the demo world looks like from outside.

use std::collections::BTreeMap;

use muster_plans::inventory::{HostState, ObjectKind, ReplicationMode, SiteInventory};
use muster_plans::time::Span;

use super::rig::{Rig, START, site};
use crate::{SpecError, WorldSpec};

fn of(rig: &mut Rig, name: &str) -> SiteInventory {
    rig.world.inventory(&site(name)).unwrap()
}

#[test]
fn the_demo_world() {
    let mut rig = Rig::instant();
    rig.pass(Span::mins(6));
    let paris = of(&mut rig, "paris");
    let lyon = of(&mut rig, "lyon");
    let vms: Vec<String> = paris
        .vms
        .iter()
        .map(|vm| {
            let policies: Vec<String> = vm
                .objects
                .iter()
                .map(|object| {
                    let policy = object.policy.as_ref().map_or("none", |policy| policy.as_str());
                    format!("{:?}={policy}", object.kind).to_lowercase()
                })
                .collect();
            let nic = &vm.nics[0];
            let addresses: Vec<String> = nic.addresses.iter().map(ToString::to_string).collect();
            let (name, objects) = (&vm.name, policies.join(" "));
            format!("{name}: {objects} | {} {}", nic.network, addresses.join(" "))
        })
        .collect();
    insta::assert_snapshot!("demo_vms", vms.join("\n"));
    let groups: Vec<String> = paris
        .groups
        .iter()
        .map(|group| {
            let (id, mode, volumes) = (&group.id, group.mode, group.volumes.len());
            format!("{id}: {mode:?} {:?} {volumes} volumes, lag {:?}", group.role, group.lag)
        })
        .collect();
    insta::assert_snapshot!("demo_groups", groups.join("\n"));
    let local: Vec<&str> = lyon.vms.iter().map(|vm| vm.name.as_ref()).collect();
    assert_eq!(local, ["lyon-dev-01", "lyon-dev-02", "lyon-dev-03", "lyon-dev-04"]);
    insta::assert_json_snapshot!("demo_containers", paris.containers);
    assert_eq!(paris.groups.len(), lyon.groups.len());
    assert_eq!(lyon.hosts.iter().filter(|h| h.state == HostState::Standby).count(), 1);
    assert!(paris.vms.iter().all(|vm| vm.heartbeat));
}

#[test]
fn policies_and_apps_in_the_wanted_proportions() {
    for vms in [6, 12, 60, 100, 333] {
        let mut rig = Rig::of(WorldSpec::demo(vms, 3));
        let paris = of(&mut rig, "paris");
        assert_eq!(paris.vms.len(), vms as usize);
        let mut policies: BTreeMap<String, usize> = BTreeMap::new();
        for vm in &paris.vms {
            let own: Vec<_> = vm.objects.iter().filter_map(|o| o.policy.clone()).collect();
            assert!(own.windows(2).all(|two| two[0] == two[1]));
            *policies.entry(own[0].to_string()).or_default() += 1;
            let swap = vm.objects.iter().filter(|object| object.kind == ObjectKind::Swap);
            assert!(swap.clone().all(|swap| swap.policy.is_none()) && swap.count() == 1);
        }
        if vms >= 60 {
            let share = policies["gold-metro"] * 100 / vms as usize;
            assert!((37..=43).contains(&share), "{policies:?}");
            assert_eq!(policies.len(), 4);
        }
        // Everything fits on the other side.
        let lyon = of(&mut rig, "lyon");
        let free: u64 =
            lyon.hosts.iter().filter(|h| h.state == HostState::Up).map(|h| h.free_mib).sum();
        let need: u64 = paris.vms.iter().map(|vm| u64::from(vm.memory_mib)).sum();
        assert!(free > need, "{vms}");
    }
}

#[test]
fn a_large_world_and_three_sites() {
    let mut rig = Rig::of(WorldSpec::scaled(5000, 2, 1));
    rig.pass(Span::mins(60 * 24));
    assert_eq!(of(&mut rig, "paris").vms.len(), 5000);
    let truth = rig.honest();
    // A day of a write per second and VM.
    assert_eq!(truth.acknowledged, 5000 * 86_400);

    let mut rig = Rig::of(WorldSpec::scaled(90, 3, 1));
    for name in ["paris", "lyon", "lille"] {
        let inventory = of(&mut rig, name);
        assert_eq!(inventory.vms.iter().filter(|vm| !vm.tags.contains_key("env")).count(), 30);
        let modes = inventory.groups.iter().filter(|g| g.mode == ReplicationMode::Stretched);
        assert!(modes.count() > 1);
    }
    rig.cut("site/lyon");
    rig.pass(Span::mins(1));
    rig.heal("site/lyon");
    rig.pass(Span::mins(10));
    rig.honest();
}

#[test]
fn a_description_is_a_file_and_its_mistakes_are_named_all_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.json");
    let spec = WorldSpec::demo(6, 1);
    std::fs::write(&path, serde_json::to_string_pretty(&spec).unwrap()).unwrap();
    assert_eq!(WorldSpec::read(&path).unwrap(), spec);
    std::fs::write(&path, "{\"seed\": 1}").unwrap();
    assert!(matches!(WorldSpec::read(&path), Err(SpecError::Json { .. })));

    let mut bad = spec.clone();
    bad.apps[0].peer = bad.apps[0].site.clone();
    bad.apps[1].network = "nowhere".into();
    bad.links[0].b = "nice".into();
    bad.locals[0].name = bad.apps[0].name.clone();
    insta::assert_snapshot!(bad.build(START).unwrap_err().to_string());
}
