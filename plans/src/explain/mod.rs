//! Why a VM is in a plan, in which order it comes, and how it moves.

mod words;

use std::sync::Arc;

use serde::Serialize;

use crate::compile::Request;
use crate::compile::cards::Cards;
use crate::compile::found::Found;
use crate::compile::live::{never_live, supported};
use crate::compile::model::Model;
use crate::compile::order::On;
use crate::finding::{Code, Finding};
use crate::graph::{Address, BubbleNetwork};
use crate::group::{Protection, Reason};
use crate::id::{ConsistencyGroupId, GroupName, HostId, PlanName, SiteName};
use crate::inventory::ReplicationMode;
use crate::mobility::{Assessment, Method, PairFacts};

/// Everything that compile decided about one VM, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The VM.
    pub vm: Arc<str>,
    /// The plan.
    pub plan: PlanName,
    /// The protection group that brings it into the plan.
    pub group: GroupName,
    /// Its objects with the policies that make it a member.
    pub objects: Vec<String>,
    /// How well it is protected.
    pub protection: Protection,
    /// Why not better.
    pub reasons: Vec<Reason>,
    /// Where it runs at the start.
    pub from: SiteName,
    /// Where it runs at the end.
    pub to: SiteName,
    /// The host it gets there; `None`: there is none for it.
    pub host: Option<HostId>,
    /// Its consistency groups.
    pub storage: Vec<(ConsistencyGroupId, ReplicationMode)>,
    /// Its cards: network here, network there, new addresses.
    pub cards: Vec<Card>,
    /// Places of the rules in the plan's `vms` that pick it, from 1; later ones win.
    pub rules: Vec<u32>,
    /// 1 to 5.
    pub priority: u8,
    /// VMs that it waits for.
    pub after: Vec<Arc<str>>,
    /// VMs that wait for it.
    pub before: Vec<Arc<str>>,
    /// Whether it is powered on at the end.
    pub power_on: bool,
    /// How it moves in this run.
    pub method: Method,
    /// Why it is not asked for a live move, whatever the methods say.
    pub never_live: Option<String>,
    /// All methods, with what is against each.
    pub assessments: Vec<Assessment>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// One card.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Its network at the site it leaves.
    pub from: String,
    /// Its network at the other site.
    pub to: String,
    /// New addresses; empty: they stay.
    pub addresses: Vec<String>,
}

/// Explains one VM of a plan, by name.
///
/// # Errors
/// Where the plan does not recover such a VM: why not, as far as its groups know it.
pub fn explain(request: &Request<'_>, name: &str) -> Result<Explanation, Vec<Finding>> {
    let mut found = Found::default();
    let model = Model::new(request, &mut found);
    let member = |model: &Model<'_>| model.members.iter().position(|m| *m.vm.name == *name);
    match model.as_ref().and_then(|model| Some((model, member(model)?))) {
        Some((model, ix)) => Ok(of_member(request, model, ix, found)),
        None => Err(not_in_plan(request, name, found)),
    }
}

fn of_member(request: &Request<'_>, model: &Model<'_>, ix: usize, mut found: Found) -> Explanation {
    let (member, settings) = (&model.members[ix], &model.settings[ix]);
    let rules = model.resolver(&mut found).rules(member.vm).iter().map(|rule| rule + 1).collect();
    let (from, to) = (model.sites.inventory(member.way.from), model.sites.inventory(member.way.to));
    let link = request.inventory.link(&from.site, &to.site);
    let facts = PairFacts::new(from, to, link, request.rules);
    let (after, before) = neighbours(model, ix as u32);
    let pointer = format!("vm/{}", member.vm.name);
    let about = |finding: &Finding| finding.pointer.as_ref() == Some(&pointer);
    let storage = model.storage.of_vm[ix].groups.iter().map(|group| {
        let group = &model.storage.groups[group.0 as usize];
        (group.id.clone(), group.mode)
    });
    Explanation {
        vm: member.vm.name.clone(),
        plan: request.plan.clone(),
        group: member.group.clone(),
        objects: objects(request, model, ix),
        protection: member.derived.protection,
        reasons: member.derived.reasons.clone(),
        from: from.site.clone(),
        to: to.site.clone(),
        host: model.placement.host[ix].map(|no| model.hosts.host(no).id.clone()),
        storage: storage.collect(),
        cards: cards(model, ix),
        rules,
        priority: settings.priority,
        after,
        before,
        power_on: settings.power_on,
        method: model.chosen[ix].method,
        never_live: never_live(member, model.targets.changes_address(ix)).map(str::to_owned),
        assessments: facts.assess(member.vm, &supported(request, &model.sites, member.way)),
        findings: found.all().into_iter().filter(about).collect(),
    }
}

/// The objects under the group's policies.
fn objects(request: &Request<'_>, model: &Model<'_>, ix: usize) -> Vec<String> {
    let member = &model.members[ix];
    let policies =
        request.config.groups.get(&member.group).map_or(&[][..], |group| &group.policies);
    let of_group = member.vm.objects.iter().filter_map(|object| {
        let policy = object.policy.as_ref().filter(|policy| policies.contains(policy))?;
        Some(format!("{} carries {policy}", object.label))
    });
    of_group.collect()
}

fn cards(model: &Model<'_>, ix: usize) -> Vec<Card> {
    let from = model.members[ix].vm.nics.iter().map(|nic| nic.network.to_string());
    let addresses = |address: &Option<Address>| -> Vec<String> {
        let all = address.iter().flat_map(|address| &address.addresses);
        all.map(ToString::to_string).collect()
    };
    match &model.targets.cards {
        Cards::Production(nics) => from
            .zip(&nics[ix])
            .map(|(from, nic)| Card {
                from,
                to: nic.network.0.to_string(),
                addresses: addresses(&nic.address),
            })
            .collect(),
        Cards::Test(nics) => from
            .zip(&nics[ix])
            .map(|(from, nic)| Card {
                from,
                to: match &nic.network {
                    BubbleNetwork::Made(bubble) => {
                        model.targets.bubbles[bubble.0 as usize].name.to_string()
                    }
                    BubbleNetwork::Marked(name) => name.to_string(),
                },
                addresses: addresses(&nic.address),
            })
            .collect(),
    }
}

/// VMs that it waits for, and VMs that wait for it; each once, sorted.
fn neighbours(model: &Model<'_>, ix: u32) -> (Vec<Arc<str>>, Vec<Arc<str>>) {
    let (mut after, mut before) = (Vec::new(), Vec::new());
    let name = |vm: u32| model.members[vm as usize].vm.name.clone();
    for (vm, on) in &model.order.waits {
        let targets = match on {
            On::Vm(target) => std::slice::from_ref(target),
            On::Hub(hub) => &model.order.hubs[*hub as usize],
        };
        if *vm == ix {
            after.extend(targets.iter().map(|target| name(*target)));
        } else if targets.contains(&ix) {
            before.push(name(*vm));
        }
    }
    for names in [&mut after, &mut before] {
        names.sort_unstable();
        names.dedup();
    }
    (after, before)
}

/// Says why a VM is in no group of the plan, where any of them looked at it.
fn not_in_plan(request: &Request<'_>, name: &str, found: Found) -> Vec<Finding> {
    let groups = request.config.plans.get(request.plan).map(|plan| &plan.spec.protection_groups);
    let mut findings = Vec::new();
    for group in groups.into_iter().flatten().filter_map(|g| request.derivation.groups.get(g)) {
        for member in group.members.iter().filter(|m| *m.name == *name) {
            if member.protection == Protection::Excluded {
                let why: Vec<String> = member.reasons.iter().map(ToString::to_string).collect();
                findings.push(Finding::error(
                    Code::UnknownVm,
                    format!("group {} leaves {name} out: {}", group.name, why.join("; ")),
                    "change the VM's tags or the group's `where`",
                ));
            }
        }
    }
    if findings.is_empty() && request.config.plans.contains_key(request.plan) {
        findings.push(Finding::error(
            Code::UnknownVm,
            format!("plan {} does not recover {name}", request.plan),
            "see `muster coverage` for VMs that no group protects, and why",
        ));
    }
    findings.extend(found.all());
    findings
}
