//! Which VMs move while they run, and why the others do not.

use super::Request;
use super::cards::Targets;
use super::found::{Found, Names};
use super::hosts::Hosts;
use super::members::Member;
use super::placement::Placement;
use super::settings::Settings;
use super::sites::{Sites, Way};
use super::storage::Storage;
use crate::finding::Code;
use crate::inventory::ReplicationMode;
use crate::mobility::{Choice, Method, PairFacts, assess_fleet};
use crate::time::Span;

/// How one VM moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen {
    pub(crate) method: Method,
    /// How long a live move is expected to take.
    pub(crate) takes: Span,
}

/// Methods that keep the VM on its replicated volumes. The others copy its disks elsewhere, which
/// would leave it unprotected at the end of the plan that was to protect it.
pub(crate) fn keeps_replication(method: Method, modes: &[ReplicationMode]) -> bool {
    match method {
        Method::VMotion | Method::LongDistanceActiveActive => {
            modes.iter().all(|mode| *mode == ReplicationMode::Stretched)
        }
        Method::LongDistanceActivePassive => {
            modes.iter().all(|mode| *mode != ReplicationMode::Stretched)
        }
        Method::Restart => true,
        Method::StorageVMotion | Method::XvMotion | Method::CrossManager | Method::LongDistance => {
            false
        }
    }
}

/// Methods that both ends of a way offer.
pub(crate) fn supported(request: &Request<'_>, sites: &Sites<'_>, way: Way) -> Vec<Method> {
    let of = |site| request.supported.get(sites.name(site)).map_or(&[][..], Vec::as_slice);
    let there = of(way.to);
    of(way.from).iter().copied().filter(|method| there.contains(method)).collect()
}

/// Why a VM is not even asked for a live move.
pub(crate) fn never_live(member: &Member<'_>, changes_address: bool) -> Option<&'static str> {
    if changes_address {
        return Some("its addresses change, which a running guest would not notice");
    }
    member.there.is_some().then_some("it is registered at the recovery site already")
}

#[expect(clippy::too_many_arguments, reason = "each is one table of the model that is being built")]
/// Chooses for all members. `targets` say whose addresses change.
pub(crate) fn choose<'a>(
    request: &Request<'a>,
    sites: &Sites<'a>,
    members: &[Member<'a>],
    settings: &[Settings<'a>],
    storage: &Storage<'a>,
    targets: &Targets,
    hosts: &Hosts<'a>,
    placement: &Placement,
    found: &mut Found,
) -> Vec<Chosen> {
    let restart = Chosen { method: Method::Restart, takes: Span::ZERO };
    let mut chosen = vec![restart; members.len()];
    let mut ways: Vec<Way> = members.iter().map(|member| member.way).collect();
    ways.sort_unstable();
    ways.dedup();
    let mut instead = Instead::default();
    for way in ways {
        let asked: Vec<(usize, Vec<Method>)> = (0..members.len())
            .filter(|&ix| members[ix].way == way)
            .filter_map(|ix| {
                let prefer = wanted(&settings[ix], storage, ix);
                let why = never_live(&members[ix], targets.changes_address(ix));
                match why {
                    _ if prefer.is_empty() => None,
                    None => Some((ix, prefer)),
                    Some(why) => {
                        instead.add(why, &members[ix].vm.name);
                        None
                    }
                }
            })
            .collect();
        if asked.is_empty() {
            continue;
        }
        let (from, to) = (sites.inventory(way.from), sites.inventory(way.to));
        let link = request.inventory.link(&from.site, &to.site);
        let facts = PairFacts::new(from, to, link, request.rules);
        let vms = asked.iter().map(|(ix, prefer)| (members[*ix].vm, prefer.as_slice()));
        let fleet = assess_fleet(&facts, vms, &supported(request, sites, way));
        for ((ix, _), moved) in asked.iter().zip(fleet.moves) {
            let cpu = placement.host[*ix].map(|no| hosts.host(no).cpu_family.as_str());
            if !moved.choice.method.is_live() {
                instead.add(&refusal(&moved.choice), &moved.name);
            } else if cpu == Some(&*members[*ix].vm.cpu_family) {
                chosen[*ix] = take(&moved.choice);
            } else {
                instead.add("hosts of its CPU family have no room left", &moved.name);
            }
        }
    }
    instead.report(found);
    chosen
}

fn take(choice: &Choice) -> Chosen {
    let takes = choice.forecast.map_or(Span::ZERO, |forecast| forecast.duration);
    Chosen { method: choice.method, takes }
}

/// Live methods that the VM's plan wants and that keep its replication, best first.
fn wanted(settings: &Settings<'_>, storage: &Storage<'_>, ix: usize) -> Vec<Method> {
    let modes: Vec<ReplicationMode> =
        storage.of_vm[ix].groups.iter().map(|group| storage.mode(*group)).collect();
    settings
        .prefer
        .iter()
        .copied()
        // What stands after `restart` is not wanted more than it.
        .take_while(|method| method.is_live())
        .filter(|method| keeps_replication(*method, &modes))
        .collect()
}

fn refusal(choice: &Choice) -> String {
    let reasons = choice.refused.iter().map(|(method, against)| {
        let against: Vec<String> = against.iter().map(ToString::to_string).collect();
        format!("{method}: {}", against.join("; "))
    });
    reasons.collect::<Vec<_>>().join(" | ")
}

/// VMs that restart although a live move was wanted, by reason.
#[derive(Default)]
struct Instead(Vec<(String, Names)>);

impl Instead {
    fn add(&mut self, why: &str, vm: &str) {
        match self.0.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.add(vm),
            None => self.0.push((why.to_owned(), Names::from_iter([vm]))),
        }
    }

    fn report(self, found: &mut Found) {
        for (why, names) in self.0 {
            found.warning(
                Code::RestartInsteadOfLive,
                format!("{names} will be shut down and restarted: {why}"),
                "`muster plan explain` lists every method with what is against it",
            );
        }
    }
}
