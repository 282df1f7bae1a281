//! Which VM waits for which.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::found::{Found, Names};
use super::lookup::{Lookup, with_room};
use super::members::Member;
use super::select::Matcher;
use super::settings::Settings;
use crate::document::{After, Match, PlanSpec};
use crate::finding::{Code, Finding};
use crate::graph::{Edge, Edges, Needs, StepIx};

/// What a VM waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// One VM.
    Vm(u32),
    /// All VMs of a hub.
    Hub(u32),
}

/// `after` of all VMs. Where many wait for many, a hub stands between them: n + m edges, not n x m.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// Members of each hub.
    pub(crate) hubs: Vec<Vec<u32>>,
    /// (waiting VM, what it waits for).
    pub(crate) waits: Vec<(u32, On)>,
}

/// The VMs that one `after` entry names.
struct Targets<'a> {
    entry: &'a After,
    vms: Vec<u32>,
    hub: Option<u32>,
    /// How many of its own targets wait for it.
    selves: usize,
}

/// Resolves all `after` entries. Unknown names, circles, and VMs that would wait for a later priority
/// are findings.
pub(crate) fn resolve<'a>(
    spec: &'a PlanSpec,
    members: &[Member<'a>],
    settings: &[Settings<'a>],
    found: &mut Found,
) -> Order {
    let mut order = Order::default();
    let used = rules_in_use(spec, settings);
    if used.iter().all(|used| !used) {
        return order;
    }
    let mut targets = targets(spec, &used, members, found);
    for (vm, settings) in (0_u32..).zip(settings) {
        let Some(rule) = settings.after else { continue };
        for targets in &mut targets[rule as usize] {
            wait(&mut order, vm, targets);
        }
    }
    judge_priorities(&order, members, settings, found);
    judge_circles(&order, members, found);
    order
}

fn rules_in_use(spec: &PlanSpec, settings: &[Settings<'_>]) -> Vec<bool> {
    let mut used = vec![false; spec.vms.len()];
    for rule in settings.iter().filter_map(|settings| settings.after) {
        used[rule as usize] = true;
    }
    used
}

/// For each rule in use, the VMs of each of its entries.
fn targets<'a>(
    spec: &'a PlanSpec,
    used: &[bool],
    members: &[Member<'a>],
    found: &mut Found,
) -> Vec<Vec<Targets<'a>>> {
    let in_use = |ix: usize| if used[ix] { spec.vms[ix].after.as_slice() } else { &[] };
    let mut all: Vec<Vec<Targets<'_>>> = (0..spec.vms.len())
        .map(|ix| {
            in_use(ix)
                .iter()
                .map(|entry| Targets { entry, vms: vec![], hub: None, selves: 0 })
                .collect()
        })
        .collect();
    let mut by_name: Lookup<&str, Vec<u32>> = with_room(members.len());
    for (vm, member) in (0_u32..).zip(members) {
        by_name.entry(&*member.vm.name).or_default().push(vm);
    }
    let mut matches: Vec<&Match> = Vec::new();
    let mut places = Vec::new();
    for (rule, entries) in all.iter_mut().enumerate() {
        for (place, targets) in entries.iter_mut().enumerate() {
            match targets.entry {
                After::Name(name) => match by_name.get(name.as_str()) {
                    Some(vms) => targets.vms.clone_from(vms),
                    None => unknown(name, members, found),
                },
                After::Match(after) => {
                    matches.push(&after.select);
                    places.push((rule, place));
                }
            }
        }
    }
    let matcher = Matcher::new(matches, found);
    let mut hits = Vec::new();
    if !places.is_empty() {
        for (vm, member) in (0_u32..).zip(members) {
            matcher.hits(member.vm, &mut hits);
            for &hit in &hits {
                let (rule, place) = places[hit as usize];
                all[rule][place].vms.push(vm);
            }
        }
    }
    all
}

fn unknown(name: &str, members: &[Member<'_>], found: &mut Found) {
    let close = members
        .iter()
        .map(|member| &*member.vm.name)
        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)))
        .filter(|close| strsim::jaro_winkler(close, name) > 0.85);
    let hint = close.map_or_else(String::new, |close| format!("; is `{close}` meant?"));
    found.error(
        Code::UnknownVm,
        format!("`after: {name}` names no VM of this plan{hint}"),
        "name a VM that the plan recovers, or use a `match`",
    );
}

/// One VM waits for the targets of one entry.
fn wait(order: &mut Order, vm: u32, targets: &mut Targets<'_>) {
    let by_name = matches!(targets.entry, After::Name(_));
    match targets.vms.as_slice() {
        [] => {}
        [one] if *one != vm || by_name => order.waits.push((vm, On::Vm(*one))),
        [_] => {}
        // A match that also picks the VM itself means all the others. Two such VMs are a circle, and
        // to find that out two are enough.
        many if targets.selves < 2 && many.binary_search(&vm).is_ok() => {
            targets.selves += 1;
            let others = many.iter().filter(|other| **other != vm);
            order.waits.extend(others.map(|other| (vm, On::Vm(*other))));
        }
        many => {
            let hub = *targets.hub.get_or_insert_with(|| {
                order.hubs.push(many.to_vec());
                (order.hubs.len() - 1) as u32
            });
            order.waits.push((vm, On::Hub(hub)));
        }
    }
}

/// A VM that waits for one of a later priority would wait for ever: the later priority starts only
/// when the earlier one has ended.
fn judge_priorities(
    order: &Order,
    members: &[Member<'_>],
    settings: &[Settings<'_>],
    found: &mut Found,
) {
    let priority = |vm: u32| settings[vm as usize].priority;
    let latest: Vec<Option<u32>> =
        order.hubs.iter().map(|vms| vms.iter().copied().max_by_key(|vm| priority(*vm))).collect();
    let mut late: BTreeMap<u32, Names> = BTreeMap::new();
    for (vm, on) in &order.waits {
        let target = match on {
            On::Vm(target) => Some(*target),
            On::Hub(hub) => latest[*hub as usize],
        };
        let Some(target) = target.filter(|target| priority(*target) > priority(*vm)) else {
            continue;
        };
        late.entry(target).or_default().add(&members[*vm as usize].vm.name);
    }
    for (target, names) in late {
        let (name, later) = (&members[target as usize].vm.name, priority(target));
        found.error(
            Code::WaitsForLaterPriority,
            format!("{names} must wait for {name}, which has the later priority {later}"),
            "give both the same priority, or the one that is waited for an earlier one",
        );
    }
}

/// Whether nobody waits in a circle: told without naming anybody, which is most of the work.
fn is_open(order: &Order, vms: usize) -> bool {
    let hub = |hub: usize| (vms + hub) as StepIx;
    let edge = |from: u32, to: u32| (from, Edge { to, needs: Needs::Success });
    let waits = order.waits.iter().map(|(vm, on)| match on {
        On::Vm(target) => edge(*vm, *target),
        On::Hub(ix) => edge(*vm, hub(*ix as usize)),
    });
    let hubs = order.hubs.iter().enumerate();
    let hubs = hubs.flat_map(|(ix, targets)| targets.iter().map(move |vm| edge(hub(ix), *vm)));
    let edges: Vec<(StepIx, Edge)> = waits.chain(hubs).collect();
    let nodes = vms + order.hubs.len();
    Edges::new(nodes, &edges).topological().len() == nodes
}

/// Prints one circle of each knot of VMs that wait for each other.
fn judge_circles(order: &Order, members: &[Member<'_>], found: &mut Found) {
    let vms = members.len();
    if is_open(order, vms) {
        return;
    }
    let mut graph = DiGraph::<(), ()>::with_capacity(vms + order.hubs.len(), order.waits.len());
    let nodes: Vec<_> = (0..vms + order.hubs.len()).map(|_| graph.add_node(())).collect();
    for (vm, on) in &order.waits {
        let target = match on {
            On::Vm(target) => *target as usize,
            On::Hub(hub) => vms + *hub as usize,
        };
        graph.add_edge(nodes[*vm as usize], nodes[target], ());
    }
    for (hub, targets) in order.hubs.iter().enumerate() {
        for target in targets {
            graph.add_edge(nodes[vms + hub], nodes[*target as usize], ());
        }
    }
    for knot in kosaraju_scc(&graph) {
        let start = knot.iter().copied().filter(|node| node.index() < vms).min();
        let Some(start) = start else { continue };
        if knot.len() == 1 && !graph.contains_edge(start, start) {
            continue;
        }
        let circle = shortest_circle(&graph, &knot, start);
        let names: Vec<&str> = circle
            .iter()
            .filter(|node| node.index() < vms)
            .map(|node| &*members[node.index()].vm.name)
            .collect();
        let message = format!("VMs wait for each other: {}", names.join(" -> "));
        let help = "an arrow reads `waits for`; take one of these `after` entries away";
        found.push(Finding::error(Code::DependencyCycle, message, help));
    }
}

/// From a node along the edges of its knot back to itself, the short way.
fn shortest_circle(
    graph: &DiGraph<(), ()>,
    knot: &[NodeIndex],
    start: NodeIndex,
) -> Vec<NodeIndex> {
    let mut inside: Lookup<_, Option<NodeIndex>> = with_room(knot.len());
    inside.extend(knot.iter().map(|node| (node.index(), None)));
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        // petgraph gives the newest edge first; sorted, the same plan always prints the same circle.
        let mut next: Vec<_> = graph.neighbors(at).collect();
        next.sort_unstable();
        for node in next {
            if node == start {
                let mut circle = vec![start];
                let mut back = Some(at);
                while let Some(node) = back {
                    circle.push(node);
                    back = inside.get(&node.index()).copied().flatten();
                }
                circle.reverse();
                return circle;
            }
            if let Some(parent) = inside.get_mut(&node.index()).filter(|parent| parent.is_none()) {
                *parent = Some(at);
                queue.push_back(node);
            }
        }
    }
    vec![start]
}
