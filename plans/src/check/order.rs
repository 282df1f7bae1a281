//! `after`: nobody waits for itself, not over any detour.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::select::{self, Picker};
use super::set::{Item, repeats};
use crate::document::{After, Match, PlanSpec, VmRule};
use crate::finding::{Code, Finding, shown};

pub(super) fn check(plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    let selects = selects(plan.spec);
    let edges = edges(plan.spec, &selects);
    for (ix, rule) in plan.spec.vms.iter().enumerate() {
        repeats(&rule.after, |at, after| {
            let name = select::text(&target(after));
            findings.push(plan.repeated(&format!("/spec/vms/{ix}/after/{at}"), &shown(&name)));
        });
    }
    for ((from, to), pointer) in &edges {
        if from == to {
            findings.push(on_itself(plan, &selects[*from], pointer));
        }
    }
    for circle in circles(&edges) {
        if let Some(path) = shortest(&edges, &circle) {
            findings.push(cycle(plan, &selects, &edges, &path));
        }
    }
}

/// Matches that wait for each other. Kosaraju's way, because it needs no recursion: a chain may be
/// as long as a document is.
fn circles(edges: &Edges) -> Vec<Vec<usize>> {
    let pairs = edges.keys().map(|&(from, to)| (from as u32, to as u32));
    let graph: DiGraph<(), ()> = DiGraph::from_edges(pairs);
    let mut circles: Vec<Vec<usize>> = kosaraju_scc(&graph)
        .into_iter()
        .filter(|circle| circle.len() > 1)
        .map(|circle| circle.into_iter().map(|ix| ix.index()).collect())
        .collect();
    circles.iter_mut().for_each(|circle| circle.sort_unstable());
    circles.sort();
    circles
}

/// From a match and what it waits for to where that is written.
type Edges = BTreeMap<(usize, usize), String>;

/// Every match that a rule or an `after` names, once, in the order of the file.
fn selects(plan: &PlanSpec) -> Vec<Match> {
    let mut all: Vec<Match> = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for rule in &plan.vms {
        let named = std::iter::once(rule.select.clone()).chain(rule.after.iter().map(target));
        for select in named {
            if known.insert(select::key(&select)) {
                all.push(select);
            }
        }
    }
    all
}

fn target(after: &After) -> Match {
    match after {
        After::Name(name) => Match { name: Some(name.clone()), ..Match::default() },
        After::Match(after) => after.select.clone(),
    }
}

/// What each match waits for: the last rule that covers it and says something counts.
fn edges(plan: &PlanSpec, selects: &[Match]) -> Edges {
    let index: BTreeMap<String, usize> =
        selects.iter().enumerate().map(|(ix, select)| (select::key(select), ix)).collect();
    let says: Vec<(usize, &VmRule, Picker<'_>)> = plan
        .vms
        .iter()
        .enumerate()
        .filter(|(_, rule)| !rule.after.is_empty())
        .map(|(ix, rule)| (ix, rule, Picker::new(&rule.select)))
        .collect();
    let mut edges = Edges::new();
    for (from, select) in selects.iter().enumerate() {
        let last = says.iter().rev().find(|(.., picker)| picker.covers(select));
        let Some((ix, rule, _)) = last else { continue };
        for (at, after) in rule.after.iter().enumerate() {
            if let Some(&to) = index.get(&select::key(&target(after))) {
                edges.entry((from, to)).or_insert_with(|| format!("/spec/vms/{ix}/after/{at}"));
            }
        }
    }
    edges
}

fn on_itself(plan: &Item<'_, PlanSpec>, select: &Match, pointer: &str) -> Finding {
    let name = shown(&select::text(select));
    let message = format!("{}: `{name}` waits for itself", plan.title());
    let finding =
        Finding::error(Code::DependsOnItself, message, "remove the entry, or name another VM");
    plan.value(pointer, finding)
}

/// The shortest way from the first match of a circle back to itself.
fn shortest(edges: &Edges, circle: &[usize]) -> Option<Vec<usize>> {
    let start = *circle.first()?;
    let inside: BTreeSet<usize> = circle.iter().copied().collect();
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &(_, to) in edges.range((at, 0)..=(at, usize::MAX)).map(|(edge, _)| edge) {
            if to == start && at != start {
                return Some(path_to(&before, start, at));
            }
            if inside.contains(&to) && to != start && !before.contains_key(&to) {
                before.insert(to, at);
                queue.push_back(to);
            }
        }
    }
    None
}

fn path_to(before: &BTreeMap<usize, usize>, start: usize, end: usize) -> Vec<usize> {
    let mut path = vec![end];
    while let Some(&earlier) = path.last().and_then(|at| before.get(at)) {
        path.push(earlier);
        if earlier == start {
            break;
        }
    }
    path.reverse();
    path
}

fn cycle(plan: &Item<'_, PlanSpec>, selects: &[Match], edges: &Edges, path: &[usize]) -> Finding {
    let name = |ix: &usize| format!("`{}`", shown(&select::text(&selects[*ix])));
    let mut names: Vec<String> = path.iter().map(name).collect();
    names.extend(path.first().map(name));
    let pointer = path
        .first()
        .zip(path.get(1))
        .and_then(|(&from, &to)| edges.get(&(from, to)))
        .map_or("/spec/vms", String::as_str);
    let message =
        format!("{}: VMs wait for each other in a circle: {}", plan.title(), names.join(" after "));
    let help = "remove one of these dependencies; priorities already order what has none";
    plan.value(pointer, Finding::error(Code::DependencyCycle, message, help))
}
