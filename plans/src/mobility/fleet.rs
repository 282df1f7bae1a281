//! Many VMs at once: what is fine for one VM is not always fine for a whole site.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::precopy::{MIB, mib_per_s, millis, usable_mbps};
use super::{Against, Choice, Forecast, Method, PairFacts, RuleId};
use crate::id::VmId;
use crate::inventory::VirtualMachine;
use crate::time::Span;

/// How one VM of a fleet moves.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// The VM.
    pub vm: VmId,
    /// Its name.
    pub name: Arc<str>,
    /// How it moves, and what was refused.
    pub choice: Choice,
}

/// A method that each VM alone could use and that all of them together cannot.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetRefusal {
    /// The method.
    pub method: Method,
    /// How many VMs would have used it.
    pub vms: usize,
    /// Why not.
    pub against: Vec<Against>,
    /// What they use in its place, with how many of them.
    pub instead: BTreeMap<Method, usize>,
}

impl fmt::Display for FleetRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: Vec<String> = self.against.iter().map(Against::to_string).collect();
        let instead: Vec<String> =
            self.instead.iter().map(|(method, vms)| format!("{method} for {vms}")).collect();
        let (method, reasons, instead) = (self.method, reasons.join("; "), instead.join(", "));
        write!(f, "{method} for {} VMs is refused: {reasons}; taken instead: {instead}", self.vms)
    }
}

/// How a set of VMs moves.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fleet {
    /// One for each VM, in the order given.
    pub moves: Vec<Move>,
    /// Methods refused for the set.
    pub refused: Vec<FleetRefusal>,
    /// What the link carries for all of them, in bytes.
    pub link_bytes: u64,
    /// What all live moves together take at least: the longest one, and all bytes over the link.
    pub live_at_least: Span,
}

/// Chooses for each VM, then refuses methods that copy storage between sites where more than a few
/// VMs would use them and the round trip is long; those VMs take their next eligible method.
pub fn assess_fleet<'v>(
    facts: &PairFacts<'_>,
    vms: impl IntoIterator<Item = (&'v VirtualMachine, &'v [Method])>,
    supported: &[Method],
) -> Fleet {
    let vms: Vec<_> = vms.into_iter().collect();
    let mut moves: Vec<Move> = vms
        .iter()
        .map(|(vm, prefer)| Move {
            vm: vm.id,
            name: vm.name.clone(),
            choice: facts.choose(vm, prefer, supported),
        })
        .collect();
    let copied: Vec<usize> =
        (0..moves.len()).filter(|&i| moves[i].choice.method.copies_disks()).collect();
    let against = against_many(facts, copied.len());
    let mut refused: BTreeMap<Method, FleetRefusal> = BTreeMap::new();
    if !against.is_empty() {
        let allowed: Vec<Method> =
            supported.iter().copied().filter(|method| !method.copies_disks()).collect();
        for i in copied {
            let choice = &mut moves[i].choice;
            let method = choice.method;
            replace(choice, facts.choose(vms[i].0, vms[i].1, &allowed), &against);
            let refusal = refused.entry(method).or_insert_with(|| FleetRefusal {
                method,
                vms: 0,
                against: against.clone(),
                instead: BTreeMap::new(),
            });
            refusal.vms += 1;
            *refusal.instead.entry(choice.method).or_default() += 1;
        }
    }
    totals(facts, moves, refused.into_values().collect())
}

/// Takes the next choice. What the rule about many VMs refused is said by that rule, not by
/// `supported`.
fn replace(choice: &mut Choice, next: Choice, against: &[Against]) {
    let mut refused = std::mem::take(&mut choice.refused);
    for (method, reasons) in next.refused {
        if refused.iter().all(|(known, _)| *known != method) {
            let many = method.copies_disks() && reasons.iter().all(|r| r.rule == RuleId::Supported);
            refused.push((method, if many { against.to_vec() } else { reasons }));
        }
    }
    *choice = Choice { method: next.method, forecast: next.forecast, refused };
}

fn against_many(facts: &PairFacts<'_>, vms: usize) -> Vec<Against> {
    let rules = facts.rules;
    let few = rules.limit(RuleId::FleetVms).unwrap_or_default();
    let rtt_limit = rules.limit(RuleId::FleetRtt).unwrap_or_default();
    let Some(link) = facts.link.filter(|_| facts.between_sites()) else { return Vec::new() };
    if vms as f64 <= few || link.rtt_ms < rtt_limit {
        return Vec::new();
    }
    vec![
        Against::number(rules, RuleId::FleetVms, few, vms as f64),
        Against::number(rules, RuleId::FleetRtt, rtt_limit, link.rtt_ms),
    ]
}

fn totals(facts: &PairFacts<'_>, moves: Vec<Move>, refused: Vec<FleetRefusal>) -> Fleet {
    let live: Vec<Forecast> = moves
        .iter()
        .filter(|m| m.choice.method.is_live())
        .filter_map(|m| m.choice.forecast)
        .collect();
    let link_bytes = live.iter().map(|forecast| forecast.link_bytes).sum();
    let longest = live.iter().map(|forecast| forecast.duration).max().unwrap_or(Span::ZERO);
    let mbps = facts.link.filter(|link| link.up).map(usable_mbps).filter(|mbps| *mbps > 0.0);
    let carried = mbps.map(|mbps| millis(link_bytes as f64 / MIB / mib_per_s(mbps)));
    let live_at_least = carried.map_or(longest, |carried| carried.max(longest));
    Fleet { moves, refused, link_bytes, live_at_least }
}
