//! Small worlds and what is said of them.

use super::*;
use crate::document::{InventoryMappingSpec, NameMapping, Reverse};
use crate::group::{Derivation, Protection, Reason, coverage, derive};
use crate::inventory::Inventory;

const GOLD: Option<&str> = Some("gold-metro");
const BRONZE: Option<&str> = Some("bronze-async");

fn shop() -> Config {
    config(
        vec![policy("gold-metro", "stretched"), policy("bronze-async", "async")],
        vec![("shop", group(["paris", "lyon"], &["gold-metro", "tin"], &[("app", "shop")]))],
    )
}

/// `paris` with volumes of every kind; `lyon` with the other legs.
fn sites() -> Vec<SiteInventory> {
    let mut paris = site("paris");
    paris.groups = vec![leg("cg-1", "lyon", true, 1), leg("cg-2", "nice", true, 1)];
    paris.volumes = vec![
        volume("v-1", Some("cg-1")),
        volume("v-2", Some("cg-1")),
        volume("v-alone", None),
        volume("v-nice", Some("cg-2")),
    ];
    let mut lyon = site("lyon");
    lyon.groups = vec![leg("cg-1", "paris", false, 1)];
    lyon.volumes = vec![volume("v-1", Some("cg-1")), volume("v-2", Some("cg-1"))];
    vec![paris, lyon]
}

fn with(vms: Vec<VirtualMachine>) -> Inventory {
    let mut sites = sites();
    sites[0].vms = vms;
    inventory(sites)
}

fn told(derivation: &Derivation) -> String {
    let mut lines = Vec::new();
    for group in derivation.groups.values() {
        let (name, pair) = (&group.name, format!("{} to {}", group.protected, group.recovery));
        let storage = group.consistency_groups.iter().map(|id| id.as_str()).collect::<Vec<_>>();
        lines.push(format!("{name}, {pair}, on {}", storage.join(" ")));
        for member in &group.members {
            let storage = member.storage.iter().map(|id| id.as_str()).collect::<Vec<_>>();
            let (name, at, protection) = (&member.name, &member.at, member.protection);
            lines.push(format!("  {name} at {at}: {protection:?} [{}]", storage.join(" ")));
            lines.extend(member.reasons.iter().map(|reason| format!("    {reason}")));
        }
        lines.extend(group.findings().iter().map(|f| format!("  {}\n    {}", f.message, f.help)));
    }
    lines.join("\n")
}

#[test]
fn each_member_says_why() {
    let tagged = |mut vm: VirtualMachine, app: Option<&str>| {
        vm.tags.clear();
        vm.tags.extend(app.map(|app| (Arc::from("app"), Arc::from(app))));
        vm
    };
    let inventory = with(vec![
        vm(1, "all-good", &[("home", GOLD, "metro", "v-1"), ("swap", None, "far", "v-x")]),
        vm(2, "mixed", &[("home", GOLD, "metro", "v-1"), ("disk-1", BRONZE, "far", "v-2")]),
        vm(3, "bare-disk", &[("home", GOLD, "metro", "v-1"), ("disk-1", None, "metro", "v-2")]),
        vm(4, "misplaced", &[("home", GOLD, "far", "v-1")]),
        vm(5, "unreplicated", &[("home", GOLD, "metro", "v-alone")]),
        vm(6, "elsewhere", &[("home", GOLD, "metro", "v-nice")]),
        vm(7, "lost-volume", &[("home", GOLD, "metro", "v-gone")]),
        vm(8, "lost-container", &[("home", GOLD, "gone", "v-1")]),
        vm(9, "undescribed", &[("home", Some("tin"), "metro", "v-1")]),
        tagged(vm(10, "bank", &[("home", GOLD, "metro", "v-2")]), Some("bank")),
        tagged(vm(11, "untagged", &[("home", GOLD, "metro", "v-alone")]), None),
        vm(12, "not-a-member", &[("home", BRONZE, "far", "v-alone")]),
        vm(13, "only-swap", &[("home", None, "far", "v-alone"), ("swap", GOLD, "metro", "v-1")]),
        VirtualMachine {
            run_tag: Some("t-1".into()),
            ..vm(14, "test-copy", &[("home", GOLD, "metro", "v-1")])
        },
    ]);
    insta::assert_snapshot!(told(&derive(&shop(), &inventory)));
}

#[test]
fn coverage_names_what_no_group_protects() {
    let mut empty = vm(5, "empty", &[]);
    empty.objects.clear();
    let inventory = with(vec![
        vm(1, "all-good", &[("home", GOLD, "metro", "v-1"), ("swap", None, "far", "v-x")]),
        vm(2, "mixed", &[("home", GOLD, "metro", "v-1"), ("disk-1", BRONZE, "far", "v-2")]),
        vm(3, "bare", &[("home", None, "metro", "v-1"), ("disk-1", GOLD, "far", "v-alone")]),
        VirtualMachine {
            tags: BTreeMap::new(),
            ..vm(4, "narrowed", &[("home", GOLD, "metro", "v-alone")])
        },
        empty,
    ]);
    let config = shop();
    let derivation = derive(&config, &inventory);
    let lines: Vec<String> = coverage(&config, &derivation, &inventory, &"paris".into())
        .into_iter()
        .map(|u| {
            let object = u.object.as_deref().unwrap_or("-").to_owned();
            let group = u.group.map_or_else(|| "-".to_owned(), |group| group.to_string());
            format!("{} {object} ({group}): {}", u.name, u.why)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(coverage(&config, &derivation, &inventory, &"lyon".into()), []);
}

/// One VM, registered at both sites; what each site says of its storage and power.
fn twice(paris: (bool, u64, Power), lyon: (bool, u64, Power)) -> Inventory {
    let registered =
        |power| VirtualMachine { power, ..vm(1, "erp", &[("home", GOLD, "metro", "v-1")]) };
    let mut sites = sites();
    for (at, (writable, generation, power), peer) in [(0, paris, "lyon"), (1, lyon, "paris")] {
        sites[at].groups[0] = leg("cg-1", peer, writable, generation);
        sites[at].vms = vec![registered(power)];
    }
    inventory(sites)
}

fn active(inventory: &Inventory) -> String {
    let derivation = derive(&shop(), inventory);
    let members = &derivation.groups["shop"].members;
    assert_eq!(members.len(), 1, "{members:#?}");
    let covered = |site: &str| coverage(&shop(), &derivation, inventory, &site.into());
    assert!(covered("paris").is_empty() && covered("lyon").is_empty());
    members[0].at.to_string()
}

#[test]
fn the_active_instance_is_where_the_storage_is_written() {
    use Power::{Off, On};
    // Before a recovery, with an old copy left behind at lyon.
    assert_eq!(active(&twice((true, 2, On), (false, 1, Off))), "paris");
    // After a failover; paris does not know and still reports that the VM runs.
    assert_eq!(active(&twice((true, 1, On), (true, 2, On))), "lyon");
    // After a planned migration, in the moment before the VM is powered on.
    assert_eq!(active(&twice((false, 1, Off), (true, 2, Off))), "lyon");
    // Stretched: both write, the VM runs at one.
    assert_eq!(active(&twice((true, 1, Off), (true, 1, On))), "lyon");
    // Nothing tells them apart: the protected site.
    assert_eq!(active(&twice((true, 1, Off), (true, 1, Off))), "paris");
    let both = derive(&shop(), &twice((true, 1, On), (true, 1, On)));
    let reasons = &both.groups["shop"].members[0].reasons;
    assert_eq!(reasons, &[Reason::RunsAtBoth { other: "lyon".into() }]);
}

#[test]
fn a_vm_of_two_groups_says_so_in_both() {
    let mut config = shop();
    config.groups.insert("all".into(), group(["paris", "lyon"], &["gold-metro"], &[]));
    let inventory = with(vec![vm(1, "erp", &[("home", GOLD, "metro", "v-1")])]);
    insta::assert_snapshot!(told(&derive(&config, &inventory)), @r"
    all, paris to lyon, on cg-1
      erp at paris: Protected [cg-1]
        group shop claims it too
    shop, paris to lyon, on cg-1
      erp at paris: Protected [cg-1]
        group all claims it too
    ");
}

#[test]
fn a_mapped_policy_keeps_a_recovered_vm_in_its_group() {
    let mut config = shop();
    config.policies.insert("gold-lyon".into(), policy("gold-lyon", "stretched"));
    let pair = NameMapping { protected: "gold-metro".into(), recovery: "gold-lyon".into() };
    let mapping = InventoryMappingSpec {
        sites: config.groups["shop"].sites.clone(),
        reverse: Reverse::Same,
        networks: Vec::new(),
        folders: Vec::new(),
        pools: Vec::new(),
        policies: vec![pair],
    };
    let mut sites = sites();
    sites[1].vms = vec![vm(1, "erp", &[("home", Some("gold-lyon"), "metro", "v-1")])];
    let inventory = inventory(sites);
    assert!(derive(&config, &inventory).groups["shop"].members.is_empty());
    config.mappings.insert("paris-lyon".into(), mapping);
    let derivation = derive(&config, &inventory);
    let members = &derivation.groups["shop"].members;
    assert_eq!(members[0].protection, Protection::Protected, "{members:#?}");
}

#[test]
fn a_group_of_unknown_sites_is_empty() {
    let config = config(
        vec![policy("gold-metro", "stretched")],
        vec![("far", group(["oslo", "bergen"], &["gold-metro"], &[]))],
    );
    let derivation = derive(&config, &with(vec![vm(1, "erp", &[("home", GOLD, "metro", "v-1")])]));
    assert_eq!(derivation.groups["far"].protected.as_str(), "oslo");
    assert!(derivation.groups["far"].members.is_empty());
}
