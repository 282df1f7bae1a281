//! Everything that is decided before the first step is laid down.

use ipnet::IpNet;

use super::Request;
use super::address;
use super::found::{Found, Names};
use super::hosts::Hosts;
use super::live::{self, Chosen};
use super::members::{self, Member};
use super::network::Networks;
use super::order::{self, Order};
use super::placement::{self, Placement};
use super::room;
use super::settings::{Resolver, Settings};
use super::sites::{self, Sites, Way};
use super::storage::{self, Storage};
use crate::document::PlanSpec;
use crate::finding::Code;
use crate::graph::{Address, Bubble, Nic, SiteIx, TestNic};
use crate::inventory::VirtualMachine;
use crate::mobility::Method;
use crate::run::RunKind;
use crate::time::Span;

/// Decisions about one run, by member.
pub(crate) struct Model<'a> {
    pub(crate) spec: &'a PlanSpec,
    pub(crate) sites: Sites<'a>,
    pub(crate) ways: Vec<Way>,
    pub(crate) members: Vec<Member<'a>>,
    pub(crate) settings: Vec<Settings<'a>>,
    pub(crate) storage: Storage<'a>,
    pub(crate) hosts: Hosts<'a>,
    pub(crate) placement: Placement,
    pub(crate) targets: Targets,
    pub(crate) order: Order,
    pub(crate) room: Vec<(&'a VirtualMachine, SiteIx)>,
    pub(crate) chosen: Vec<Chosen>,
}

/// Cards at the other site. A test's cards are of another type, and a test has no others.
#[derive(Debug)]
pub(crate) enum Cards {
    Production(Vec<Vec<Nic>>),
    Test(Vec<Vec<TestNic>>),
}

/// Where the cards of all members are connected.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) cards: Cards,
    pub(crate) bubbles: Vec<Bubble>,
}

impl Targets {
    /// Whether any card of a member gets new addresses.
    pub(crate) fn changes_address(&self, ix: usize) -> bool {
        match &self.cards {
            Cards::Production(nics) => nics[ix].iter().any(|nic| nic.address.is_some()),
            Cards::Test(nics) => nics[ix].iter().any(|nic| nic.address.is_some()),
        }
    }
}

impl<'a> Model<'a> {
    /// Decides. `None` where so much is wrong that there is nothing to decide about; what is wrong is
    /// in `found` either way.
    pub(crate) fn new(request: &Request<'a>, found: &mut Found) -> Option<Model<'a>> {
        let Some(plan) = request.config.plans.get(request.plan) else {
            found.error(
                Code::DanglingReference,
                format!("there is no plan {}", request.plan),
                "name one of the plans of this configuration",
            );
            return None;
        };
        let spec = &plan.spec;
        let (sites, groups) = sites::ways(request, spec, found);
        let members = members::members(request, &sites, &groups, found);
        if members.is_empty() {
            return None;
        }
        members::judge_protection(&members, found);
        let mut resolver = Resolver::new(spec, found);
        let settings: Vec<Settings<'_>> =
            members.iter().map(|member| resolver.settings(member.vm)).collect();
        let storage = storage::collect(request, &sites, &members, found);
        if request.kind == RunKind::Failover {
            storage::judge_age(spec.objectives.rpo, &storage.groups, found);
        }
        let order = order::resolve(spec, &members, &settings, found);
        let hosts = Hosts::new(&sites);
        let live = request.live && request.kind == RunKind::PlannedMigration;
        let needs_room = request.kind != RunKind::Reprotect;
        let room = if needs_room { room::room(spec, &sites, &members, found) } else { Vec::new() };
        let placement = placement::place(
            request.kind,
            &sites,
            &hosts,
            &members,
            &settings,
            &storage,
            &room,
            live,
            found,
        );
        let targets = targets(request, spec, &sites, &members, &settings, found);
        let chosen = if live {
            live::choose(
                request, &sites, &members, &settings, &storage, &targets, &hosts, &placement, found,
            )
        } else {
            vec![Chosen { method: Method::Restart, takes: Span::ZERO }; members.len()]
        };
        let mut ways: Vec<Way> = members.iter().map(|member| member.way).collect();
        ways.dedup();
        ways.sort_unstable();
        ways.dedup();
        Some(Model {
            spec,
            sites,
            ways,
            members,
            settings,
            storage,
            hosts,
            placement,
            targets,
            order,
            room,
            chosen,
        })
    }
}

impl<'a> Model<'a> {
    /// The plan's rules again, for saying which of them pick a VM.
    pub(crate) fn resolver(&self, found: &mut Found) -> Resolver<'a> {
        Resolver::new(self.spec, found)
    }
}

/// Connects all cards of all members.
fn targets<'a>(
    request: &Request<'a>,
    spec: &'a PlanSpec,
    sites: &Sites<'a>,
    members: &[Member<'a>],
    settings: &[Settings<'a>],
    found: &mut Found,
) -> Targets {
    let ways = members.iter().map(|member| member.way);
    let mut networks = Networks::new(request, spec, sites, ways);
    let mut rewriter = Rewriter { reversed: request.reversed, ..Rewriter::default() };
    let each = members.iter().zip(settings);
    let cards = match request.kind {
        RunKind::Test => Cards::Test(
            each.map(|(member, settings)| {
                let cards = member.vm.nics.iter().filter_map(|nic| {
                    let network = networks.test(member, &nic.network)?;
                    let address = rewriter.rewrite(settings, &nic.addresses, member);
                    Some(TestNic { mac: nic.mac.clone(), network, address })
                });
                cards.collect()
            })
            .collect(),
        ),
        // Nothing is connected on a reprotect: the VMs stay where they run.
        RunKind::Reprotect => Cards::Production(vec![Vec::new(); members.len()]),
        _ => Cards::Production(
            each.map(|(member, settings)| {
                let cards = member.vm.nics.iter().filter_map(|nic| {
                    let network = networks.production(member, &nic.network)?;
                    let address = rewriter.rewrite(settings, &nic.addresses, member);
                    Some(Nic { mac: nic.mac.clone(), network, address })
                });
                cards.collect()
            })
            .collect(),
        ),
    };
    let bubbles = networks.report(found);
    rewriter.report(found);
    Targets { cards, bubbles }
}

/// Rewrites addresses and remembers what did not work.
#[derive(Default)]
struct Rewriter {
    reversed: bool,
    too_narrow: Names,
    no_gateway: Names,
}

impl Rewriter {
    fn rewrite(
        &mut self,
        settings: &Settings<'_>,
        old: &[IpNet],
        member: &Member<'_>,
    ) -> Option<Address> {
        // A VM that is only at the other site has its new addresses already.
        let spec = settings.ip.filter(|_| member.here)?;
        let rewritten = address::rewrite(spec, old, self.reversed);
        let vm = &member.vm.name;
        for (address, network) in &rewritten.too_narrow {
            self.too_narrow.add(format!("{address} of {vm} in {network}"));
        }
        if rewritten.no_gateway {
            self.no_gateway.add(vm);
        }
        rewritten.address
    }

    fn report(self, found: &mut Found) {
        if self.too_narrow.count() > 0 {
            found.error(
                Code::IpPrefixesDiffer,
                format!("host parts that have no room in the new network: {}", self.too_narrow),
                "make `to` of the rule as wide as `from`",
            );
        }
        if self.no_gateway.count() > 0 {
            found.warning(
                Code::GatewayNotKnown,
                format!(
                    "no rule says which gateway these VMs have on the way back: {}",
                    self.no_gateway
                ),
                "add a rule for the other direction beside the first one",
            );
        }
    }
}
