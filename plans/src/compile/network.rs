//! Which network each card is connected to at the other site.
//!
//! The plan's own mappings come first, then the inventory mappings between the two sites. A network
//! that neither names is a finding and never a guess.

use super::Request;
use super::found::{Found, Names};
use super::lookup::{Lookup, with_room};
use super::members::Member;
use super::sites::{Sites, Way};
use crate::document::{InventoryMappingSpec, NetworkMapping, PlanSpec, Reverse, TestNetwork};
use crate::finding::{Code, Finding};
use crate::graph::{Bubble, BubbleIx, BubbleNetwork, ProductionNetwork, SiteIx};
use crate::guard::{Guard, holds};
use crate::id::{NetworkName, RunTag, SiteName};
use crate::inventory::{Network, NetworkRole};

/// What a network at the protected side becomes.
#[derive(Clone, Debug)]
pub(crate) struct Mapped<'a> {
    pub(crate) recovery: &'a NetworkName,
    test: TestWish<'a>,
}

#[derive(Clone, Copy, Debug)]
enum TestWish<'a> {
    Bubble,
    Marked(&'a NetworkName),
}

/// Mappings of one way.
type OfWay<'a> = Lookup<&'a str, Mapped<'a>>;

/// Finds networks, and collects the bubbles that a test needs.
pub(crate) struct Networks<'r, 'a> {
    sites: &'r Sites<'a>,
    ways: Vec<(Way, OfWay<'a>)>,
    pub(crate) bubbles: Vec<Bubble>,
    tag: Option<RunTag>,
    unmapped: Vec<(Way, NetworkName, Names)>,
    wrong: Vec<(SiteIx, NetworkName, &'static str, Names)>,
}

impl<'r, 'a> Networks<'r, 'a> {
    pub(crate) fn new(
        request: &Request<'a>,
        spec: &'a PlanSpec,
        sites: &'r Sites<'a>,
        ways: impl Iterator<Item = Way>,
    ) -> Networks<'r, 'a> {
        let mut tables: Vec<(Way, OfWay<'a>)> = Vec::new();
        for way in ways {
            if tables.iter().all(|(known, _)| *known != way) {
                tables.push((way, table(request, spec, sites, way)));
            }
        }
        Networks {
            sites,
            ways: tables,
            bubbles: Vec::new(),
            tag: request.tag.clone(),
            unmapped: Vec::new(),
            wrong: Vec::new(),
        }
    }

    fn mapped(&mut self, member: &Member<'a>, network: &'a NetworkName) -> Option<Mapped<'a>> {
        let (way, vm) = (member.way, &member.vm.name);
        // A VM that is only at the other site is connected there already.
        if !member.here {
            return Some(Mapped { recovery: network, test: TestWish::Bubble });
        }
        let (_, table) = self.ways.iter().find(|(known, _)| *known == way)?;
        if let Some(mapped) = table.get(network.as_str()) {
            return Some(mapped.clone());
        }
        match self.unmapped.iter_mut().find(|(w, n, _)| *w == way && n == network) {
            Some((_, _, names)) => names.add(vm),
            None => {
                let mut names = Names::default();
                names.add(vm);
                self.unmapped.push((way, network.clone(), names));
            }
        }
        None
    }

    /// The production network that replaces this one.
    pub(crate) fn production(
        &mut self,
        member: &Member<'a>,
        network: &'a NetworkName,
    ) -> Option<ProductionNetwork> {
        let recovery = self.mapped(member, network)?.recovery;
        self.expect_role(member, recovery, NetworkRole::Production);
        Some(ProductionNetwork(recovery.clone()))
    }

    /// The isolated network that replaces it in a test.
    pub(crate) fn test(
        &mut self,
        member: &Member<'a>,
        network: &'a NetworkName,
    ) -> Option<BubbleNetwork> {
        let mapped = self.mapped(member, network)?;
        Some(match mapped.test {
            TestWish::Marked(name) => {
                if holds(Guard::BubbleOnly) {
                    self.expect_role(member, name, NetworkRole::Test);
                }
                BubbleNetwork::Marked(name.clone())
            }
            TestWish::Bubble => BubbleNetwork::Made(self.bubble(member.way.to, mapped.recovery)),
        })
    }

    /// One bubble stands for one network of the recovery site, so that VMs that would talk to each
    /// other there do so in the test.
    fn bubble(&mut self, site: SiteIx, stands_for: &NetworkName) -> BubbleIx {
        let tag = self.tag.as_ref().map_or("test", RunTag::as_str);
        let name = NetworkName::from(format!("{tag}-{stands_for}"));
        let known = self.bubbles.iter().position(|b| b.site == site && b.name == name);
        BubbleIx(known.unwrap_or_else(|| {
            self.bubbles.push(Bubble { name, site });
            self.bubbles.len() - 1
        }) as u32)
    }

    fn expect_role(&mut self, member: &Member<'_>, name: &NetworkName, role: NetworkRole) {
        let (site, vm) = (member.way.to, &member.vm.name);
        let networks = &self.sites.inventory(site).networks;
        let why = match find(networks, name) {
            Some(network) if network.role == role => return,
            None => "is not there",
            Some(_) if role == NetworkRole::Test => "is not marked for tests",
            Some(_) => "does not carry production traffic",
        };
        match self.wrong.iter_mut().find(|(s, n, w, _)| *s == site && n == name && *w == why) {
            Some((_, _, _, names)) => names.add(vm),
            None => {
                let mut names = Names::default();
                names.add(vm);
                self.wrong.push((site, name.clone(), why, names));
            }
        }
    }

    /// What was found wrong, one finding for each network.
    pub(crate) fn report(self, found: &mut Found) -> Vec<Bubble> {
        for (way, network, names) in self.unmapped {
            let (from, to) = (self.sites.name(way.from), self.sites.name(way.to));
            let message =
                format!("network {network} at {from} has no counterpart at {to}; on it: {names}");
            let help = "add it to `networks` of the plan, or to an InventoryMapping between the two \
                        sites";
            let finding = Finding::error(Code::UnmappedNetwork, message, help);
            found.push(finding.about(format!("network/{network}")));
        }
        for (site, network, why, names) in self.wrong {
            let site = self.sites.name(site);
            let message = format!("network {network} at {site} {why}; mapped for: {names}");
            let help = "name a network that the site reports, of the right role; an administrator \
                        marks networks for tests";
            let finding = Finding::error(Code::WrongNetwork, message, help);
            found.push(finding.about(format!("network/{network}")));
        }
        self.bubbles
    }
}

fn find<'n>(networks: &'n [Network], name: &NetworkName) -> Option<&'n Network> {
    networks.iter().find(|network| network.name == *name)
}

/// All mappings that hold for a way; the earlier entry stays where two name the same network.
fn table<'a>(request: &Request<'a>, spec: &'a PlanSpec, sites: &Sites<'a>, way: Way) -> OfWay<'a> {
    let mut table = with_room(16);
    let at_target = &sites.inventory(way.to).networks;
    let mut add = |mapping: &'a NetworkMapping, turned: bool| {
        let (from, to) = match turned {
            false => (&mapping.protected, &mapping.recovery),
            true => (&mapping.recovery, &mapping.protected),
        };
        let test = match &mapping.test {
            TestNetwork::Bubble => TestWish::Bubble,
            TestNetwork::Network(name) => TestWish::Marked(name),
        };
        let test = match test {
            // The mapping's test network is one of the recovery site. Turned round, it is used
            // only if the other site has one of that name; else a bubble is made, which is safe
            // everywhere.
            TestWish::Marked(name)
                if turned && find(at_target, name).is_none_or(|n| n.role != NetworkRole::Test) =>
            {
                TestWish::Bubble
            }
            test => test,
        };
        table.entry(from.as_str()).or_insert(Mapped { recovery: to, test });
    };
    for mapping in &spec.networks {
        add(mapping, request.reversed);
    }
    let (from, to) = (sites.name(way.from), sites.name(way.to));
    let is = |mapping: &InventoryMappingSpec, a: &SiteName, b: &SiteName| {
        mapping.sites.protected == *a && mapping.sites.recovery == *b
    };
    let mappings = || request.config.mappings.values();
    for mapping in mappings().filter(|mapping| is(mapping, from, to)) {
        mapping.networks.iter().for_each(|network| add(network, false));
    }
    // `explicit` is a mapping of its own, which the loop above has found.
    for mapping in mappings().filter(|m| is(m, to, from) && m.reverse == Reverse::Same) {
        mapping.networks.iter().for_each(|network| add(network, true));
    }
    table
}
