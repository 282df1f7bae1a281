//! The network cards of all VMs at the other site.

use ipnet::IpNet;

use super::Request;
use super::address;
use super::found::{Found, Names};
use super::members::Member;
use super::network::Networks;
use super::settings::Settings;
use super::sites::Sites;
use crate::document::PlanSpec;
use crate::finding::Code;
use crate::graph::{Address, Bubble, Nic, TestNic};
use crate::run::RunKind;

/// Cards at the other site. A test's cards are of another type, and a test has no others.
#[derive(Debug)]
pub(crate) enum Cards {
    Production(Vec<Vec<Nic>>),
    Test(Vec<Vec<TestNic>>),
}

impl Cards {
    /// For each member, whether any of its cards gets new addresses.
    fn change_address(&self) -> Vec<bool> {
        match self {
            Cards::Production(all) => {
                all.iter().map(|nics| nics.iter().any(|nic| nic.address.is_some())).collect()
            }
            Cards::Test(all) => {
                all.iter().map(|nics| nics.iter().any(|nic| nic.address.is_some())).collect()
            }
        }
    }
}

/// Where the cards of all members are connected.
#[derive(Debug)]
pub(crate) struct Targets {
    /// They go into the graph's tables when these are filled.
    pub(crate) cards: Cards,
    pub(crate) bubbles: Vec<Bubble>,
    /// By member.
    changes_address: Vec<bool>,
}

impl Targets {
    /// Whether any card of a member gets new addresses.
    pub(crate) fn changes_address(&self, ix: usize) -> bool {
        self.changes_address[ix]
    }
}

/// Connects all cards of all members.
pub(crate) fn targets<'a>(
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
    let changes_address = cards.change_address();
    Targets { cards, bubbles, changes_address }
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
