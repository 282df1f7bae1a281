//! Deriving protection groups, all at once and VM by VM.

use anyhow::Context;
use muster_plans::fixture::{POLICIES, World, fleet};
use muster_plans::group::{Deriver, derive};
use muster_plans::id::PolicyName;
use muster_plans::inventory::VirtualMachine;

use super::{growth, sizes, time};
use crate::clock::{Took, median_of, timed};
use crate::report::{Goal, Report};

/// Policies of these fleets, ten to a protection group.
const COUNT: usize = 200;
/// VMs that are changed, one after the other.
const CHANGES: usize = 1_000;

pub(super) fn run(report: &mut Report) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for &vms in sizes(report.quick) {
        let world = with_policies(vms);
        let took = median_of(5, || derive(&world.config, &world.inventory));
        let goal = (vms == 100_000).then_some(300.0);
        time(report, format!("derive groups, {vms} VMs, {COUNT} policies"), took, goal);
        times.push((vms, took));
        let one = one_change(&world)?;
        time(report, format!("one changed VM among {vms}"), one, None);
        let name = format!("derive {vms} VMs : one changed VM");
        let ratio = took.wall.as_secs_f64() / one.wall.as_secs_f64();
        if vms == 100_000 {
            report.goal(name, ratio, "times", Goal::AtLeast(1_000.0));
        } else {
            report.plain(name, ratio, "times");
        }
    }
    growth(report, "derive", &times);
    Ok(())
}

/// The usual fleet, with fifty policies for each replication mode and a group for each ten of them.
fn with_policies(vms: usize) -> World {
    let mut world = fleet(vms);
    let base = std::mem::take(&mut world.config.policies);
    world.config.groups.clear();
    world.config.plans.clear();
    let names: Vec<String> = (0..COUNT).map(|n| name(n % POLICIES.len(), n)).collect();
    for (n, name) in names.iter().enumerate() {
        let (kind, _) = POLICIES[n % POLICIES.len()];
        if let Some(policy) = base.get(kind) {
            let mut policy = policy.clone();
            policy.name = PolicyName::from(name.as_str());
            world.config.policies.insert(policy.name.clone(), policy);
        }
    }
    for (n, names) in names.chunks(10).enumerate() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        world.add_group(&format!("group-{n:03}"), ("paris", "lyon"), &names, &[]);
    }
    for site in world.inventory.sites.values_mut() {
        for (n, vm) in site.vms.iter_mut().enumerate() {
            choose(vm, n / 10);
        }
    }
    world
}

fn name(kind: usize, n: usize) -> String {
    format!("{}-{n:03}", POLICIES[kind].0)
}

/// The nth application's policy: one of those of the kind that its storage meets.
fn choose(vm: &mut VirtualMachine, app: usize) {
    let kind = app % POLICIES.len();
    let turn = app / POLICIES.len() % (COUNT / POLICIES.len());
    let policy = PolicyName::from(name(kind, turn * POLICIES.len() + kind));
    for object in &mut vm.objects {
        if object.policy.is_some() {
            object.policy = Some(policy.clone());
        }
    }
}

/// What it costs to follow one VM whose policy has changed, and with it its group.
fn one_change(world: &World) -> anyhow::Result<Took> {
    let paris = "paris".into();
    let vms = &world.inventory.sites.get(&paris).context("no site paris")?.vms;
    let mut deriver = Deriver::new(&world.config, &world.inventory, None);
    let stride = (vms.len() / CHANGES).max(1);
    let changed: Vec<VirtualMachine> = (0..vms.len())
        .step_by(stride)
        .map(|n| {
            let mut vm = vms[n].clone();
            // Another policy of the same kind, in another group.
            choose(&mut vm, n / 10 + POLICIES.len() * 10);
            vm
        })
        .collect();
    let count = u32::try_from(changed.len())?;
    let (took, known) =
        timed(|| changed.into_iter().map(|vm| deriver.update(&paris, vm)).fold(true, |a, b| a & b));
    anyhow::ensure!(known, "the site is not known");
    Ok(Took { wall: took.wall / count, core: took.core / count })
}
