//! Following changes one by one gives what deriving from nothing gives.

#![expect(clippy::type_complexity, reason = "a table of cases, read once")]

use proptest::prelude::*;

use super::*;
use crate::group::{Deriver, derive};
use crate::id::SiteName;

const SITES: [&str; 3] = ["paris", "lyon", "nice"];
const POLICIES: [&str; 4] = ["gold", "bronze", "tin", "none"];
const VOLUMES: usize = 8;

fn documents() -> Config {
    config(
        vec![policy("gold", "stretched"), policy("bronze", "async")],
        vec![
            ("a", group(["paris", "lyon"], &["gold"], &[])),
            ("b", group(["lyon", "paris"], &["bronze", "tin"], &[("app", "shop")])),
            ("c", group(["lyon", "nice"], &["gold", "bronze"], &[])),
            ("d", group(["paris", "oslo"], &["gold"], &[])),
        ],
    )
}

fn sites() -> impl Strategy<Value = Vec<SiteInventory>> {
    let leg = (0..4_usize, any::<bool>(), 0..3_u64);
    let volume = prop::option::weighted(0.8, 0..4_usize);
    let one = (prop::collection::vec(leg, 4), prop::collection::vec(volume, VOLUMES));
    prop::collection::vec(one, SITES.len()).prop_map(|all| {
        let make =
            |(name, (legs, volumes)): (&str, (Vec<(usize, bool, u64)>, Vec<Option<usize>>))| {
                let mut site = site(name);
                let peers = ["paris", "lyon", "nice", "oslo"];
                site.groups = legs
                    .into_iter()
                    .enumerate()
                    .map(|(n, (peer, writable, generation))| {
                        leg_of(n, peers[peer], writable, generation)
                    })
                    .collect();
                site.volumes = volumes
                    .into_iter()
                    .enumerate()
                    .filter(|(n, group)| *n % 7 != 6 || group.is_some())
                    .map(|(n, group)| {
                        volume_of(n, group.map(|group| format!("cg-{group}")).as_deref())
                    })
                    .collect();
                site
            };
        SITES.into_iter().zip(all).map(make).collect()
    })
}

fn leg_of(n: usize, peer: &str, writable: bool, generation: u64) -> ConsistencyGroup {
    leg(&format!("cg-{n}"), peer, writable, generation)
}

fn volume_of(n: usize, group: Option<&str>) -> Volume {
    volume(&format!("v-{n}"), group)
}

fn machine() -> impl Strategy<Value = VirtualMachine> {
    let object = (0..4_usize, any::<bool>(), 0..=VOLUMES, 0..8_u8);
    (0..6_u128, prop::collection::vec(object, 0..4), 0..8_u8, any::<bool>()).prop_map(
        |(number, objects, tag, on)| {
            let mut machine = vm(number, &format!("vm-{}", number % 4), &[]);
            machine.power = if on { Power::On } else { Power::Off };
            if tag == 0 {
                machine.tags.clear();
            }
            if tag == 1 {
                machine.run_tag = Some("t-1".into());
            }
            machine.objects = objects
                .into_iter()
                .enumerate()
                .map(|(n, (policy, metro, volume, kind))| {
                    let policy = Some(POLICIES[policy]).filter(|policy| *policy != "none");
                    let container = if metro { "metro" } else { "far" };
                    let label = if kind == 0 { "swap".to_owned() } else { format!("disk-{n}") };
                    super::object((&label, policy, container, &format!("v-{volume}")))
                })
                .collect();
            machine
        },
    )
}

/// A machine appears or changes at a site, or a machine goes.
type Change = (usize, Result<VirtualMachine, u128>);

fn change() -> impl Strategy<Value = Change> {
    let change = prop_oneof![3 => machine().prop_map(Ok), 1 => (0..6_u128).prop_map(Err)];
    (0..SITES.len(), change)
}

fn apply(inventory: &mut Inventory, site: &SiteName, change: &Result<VirtualMachine, u128>) {
    let vms = &mut inventory.sites.get_mut(site).unwrap().vms;
    let id = match change {
        Ok(machine) => machine.id,
        Err(number) => VmId(Uuid::from_u128(*number)),
    };
    vms.retain(|vm| vm.id != id);
    vms.extend(change.as_ref().ok().cloned());
    inventory.generation += 1;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn following_is_deriving(
        sites in sites(),
        changes in prop::collection::vec(change(), 1..30),
    ) {
        let config = documents();
        let mut inventory = inventory(sites);
        let mut deriver = Deriver::new(&config, &inventory, None);
        for (site, change) in changes {
            let before = deriver.derivation().clone();
            let site = SiteName::from(SITES[site]);
            apply(&mut inventory, &site, &change);
            let known = match change {
                Ok(machine) => deriver.update(&site, machine),
                Err(number) => deriver.remove(&site, VmId(Uuid::from_u128(number))),
            };
            prop_assert!(known);
            let afresh = derive(&config, &inventory).next(Some(&before));
            prop_assert_eq!(deriver.derivation(), &afresh);
        }
        prop_assert!(!deriver.update(&"oslo".into(), vm(1, "vm", &[])));
    }

    #[test]
    fn every_torn_group_has_both_sides_and_no_untorn_one_has(
        sites in sites(),
        machines in prop::collection::vec((0..SITES.len(), machine()), 0..12),
    ) {
        let mut inventory = inventory(sites);
        for (site, machine) in machines {
            apply(&mut inventory, &SITES[site].into(), &Ok(machine));
        }
        for group in derive(&documents(), &inventory).groups.values() {
            let inside = |vm| group.inside().any(|member| member.vm == vm);
            for torn in &group.torn {
                prop_assert!(group.consistency_groups.contains(&torn.group));
                prop_assert!(inside(torn.inside.vm));
                prop_assert!(!torn.outside.is_empty());
                prop_assert!(torn.outside.iter().all(|outside| !inside(outside.vm)));
            }
            prop_assert_eq!(group.findings().len(), group.torn.len());
        }
    }
}

#[test]
fn a_generation_rises_only_when_members_change() {
    let config = documents();
    let mut paris = site("paris");
    paris.groups = vec![leg("cg-0", "lyon", true, 1)];
    paris.volumes = vec![volume("v-0", Some("cg-0"))];
    paris.vms = vec![vm(1, "erp", &[("disk-0", Some("gold"), "metro", "v-0")])];
    let mut inventory = inventory(vec![paris, site("lyon")]);
    let first = derive(&config, &inventory).next(None);
    assert_eq!(first.groups["a"].generation, 1);
    inventory.generation += 1;
    let same = derive(&config, &inventory).next(Some(&first));
    assert_eq!(same.groups["a"].generation, 1);
    apply(&mut inventory, &"paris".into(), &Err(1));
    let gone = derive(&config, &inventory).next(Some(&same));
    let generations: Vec<u64> = gone.groups.values().map(|group| group.generation).collect();
    assert_eq!(generations, [2, 1, 1, 2]);
}
