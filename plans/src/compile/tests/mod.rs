//! Graphs of small worlds as people read them, and rules that hold for every graph.

mod examples;
mod fences;
mod findings;
mod order;
mod properties;
mod workflows;

use super::{Compiled, Request, compile};
use crate::document::PlanSpec;
use crate::finding::Finding;
use crate::fixture::{NewVm, World};
use crate::graph::Graph;
use crate::id::PlanName;
use crate::run::RunKind;

/// Two VMs under one policy: a database, and an application behind it.
pub(super) fn world(policy: &str) -> (World, PlanName) {
    let mut world = World::pair(1);
    for (name, tier) in [("shop-db-01", "db"), ("shop-app-01", "app")] {
        world.add_vm(&NewVm {
            name,
            policy: Some(policy),
            tags: &[("app", "shop"), ("tier", tier)],
            ..NewVm::default()
        });
    }
    world.add_group("shop", ("paris", "lyon"), &[policy], &[]);
    let plan = world.add_plan("shop", &["shop"], plan_spec(RULES));
    (world, plan)
}

/// Databases first, everything else after them.
pub(super) const RULES: &str = r#"{"vms": [
    {"match": {"tags": {"tier": "db"}}, "priority": 1, "startup": {"wait": {"tcp": 5432}}},
    {"match": {"tags": {"tier": "app"}}, "priority": 2,
     "after": [{"match": {"tags": {"tier": "db"}}}]}
]}"#;

/// A plan's settings from the form in which documents hold them.
pub(super) fn plan_spec(json: &str) -> PlanSpec {
    let mut value: serde_json::Value = serde_json::from_str(json).unwrap();
    value["protectionGroups"] = serde_json::json!([]);
    serde_json::from_value(value).unwrap()
}

/// Compiles a request that was changed from the usual one.
pub(super) fn try_compile(
    world: &World,
    plan: &PlanName,
    kind: RunKind,
    change: impl for<'a> FnOnce(&mut Request<'a>),
) -> Result<Compiled, Vec<Finding>> {
    let derivation = world.derive();
    let mut request = world.request(plan, &derivation, kind);
    change(&mut request);
    compile(&request)
}

/// The same where nothing is wrong.
pub(super) fn graph(
    world: &World,
    plan: &PlanName,
    kind: RunKind,
    change: impl for<'a> FnOnce(&mut Request<'a>),
) -> Graph {
    match try_compile(world, plan, kind, change) {
        Ok(compiled) => compiled.graph,
        Err(findings) => panic!("{}", sentences(&findings)),
    }
}

/// Findings, one a line.
pub(super) fn sentences(findings: &[Finding]) -> String {
    let line = |finding: &Finding| format!("{}: {}", finding.code, finding.message);
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Brings all VMs of a world to the other site, as a complete recovery leaves them.
pub(super) fn recovered(mut world: World) -> World {
    let mut sites: Vec<_> = world.inventory.sites.values_mut().collect();
    sites.sort_by(|a, b| b.site.cmp(&a.site));
    let [paris, lyon] = sites.as_mut_slice() else { panic!("two sites") };
    for mut vm in std::mem::take(&mut paris.vms) {
        let host = vm.host.as_ref().map(|host| host.as_str().replace("paris", "lyon"));
        vm.host = host.map(Into::into);
        for object in &mut vm.objects {
            object.container = object.container.as_str().replace("paris", "lyon").into();
        }
        for nic in &mut vm.nics {
            nic.network = nic.network.as_str().replace("prod", "lyon").into();
        }
        lyon.vms.push(vm);
    }
    for leg in &mut lyon.groups {
        leg.writable = true;
        leg.generation += 1;
    }
    world.fences.up.insert(("paris".into(), "lyon".into()));
    world
}
