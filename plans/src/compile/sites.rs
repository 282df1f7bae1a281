//! The sites of a run, and which way each protection group goes.

use super::Request;
use super::found::Found;
use crate::document::PlanSpec;
use crate::finding::Code;
use crate::graph::SiteIx;
use crate::group::DerivedGroup;
use crate::id::SiteName;
use crate::inventory::SiteInventory;

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Way {
    pub(crate) from: SiteIx,
    pub(crate) to: SiteIx,
}

/// Sites by index, with what each reported last.
#[derive(Debug, Default)]
pub(crate) struct Sites<'a> {
    pub(crate) names: Vec<SiteName>,
    pub(crate) inventories: Vec<&'a SiteInventory>,
}

impl<'a> Sites<'a> {
    /// The index of a site; `None` with a finding where nothing was ever heard of it.
    fn intern(
        &mut self,
        request: &Request<'a>,
        name: &SiteName,
        found: &mut Found,
    ) -> Option<SiteIx> {
        if let Some(ix) = self.names.iter().position(|n| n == name) {
            return Some(SiteIx(ix as u8));
        }
        let Some(inventory) = request.inventory.sites.get(name) else {
            let message = format!("site {name} has not reported its inventory");
            found.error(
                Code::SiteNotSeen,
                message,
                "start the site's agent and wait for its first report, or correct the site's name",
            );
            return None;
        };
        let ix = u8::try_from(self.names.len()).ok()?;
        self.names.push(name.clone());
        self.inventories.push(inventory);
        Some(SiteIx(ix))
    }

    pub(crate) fn name(&self, ix: SiteIx) -> &SiteName {
        &self.names[ix.0 as usize]
    }

    pub(crate) fn inventory(&self, ix: SiteIx) -> &'a SiteInventory {
        self.inventories[ix.0 as usize]
    }

    /// All sites.
    pub(crate) fn all(&self) -> impl Iterator<Item = SiteIx> + use<> {
        (0..self.names.len() as u8).map(SiteIx)
    }
}

/// The plan's groups as derived, each with its way. A group that nobody derived is a finding.
pub(crate) fn ways<'a>(
    request: &Request<'a>,
    spec: &PlanSpec,
    found: &mut Found,
) -> (Sites<'a>, Vec<(&'a DerivedGroup, Way)>) {
    let mut sites = Sites::default();
    let mut groups = Vec::with_capacity(spec.protection_groups.len());
    for name in &spec.protection_groups {
        let Some(group) = request.derivation.groups.get(name) else {
            let message = format!("plan {} names protection group {name}", request.plan);
            found.error(
                Code::DanglingReference,
                format!("{message}, which does not exist"),
                "write the protection group, or take it out of the plan",
            );
            continue;
        };
        let (from, to) = match request.reversed {
            false => (&group.protected, &group.recovery),
            true => (&group.recovery, &group.protected),
        };
        // Both are looked up before either is given up, so that both findings are seen.
        let (from, to) = (sites.intern(request, from, found), sites.intern(request, to, found));
        if let (Some(from), Some(to)) = (from, to) {
            groups.push((group, Way { from, to }));
        }
    }
    judge_ways(&sites, &groups, found);
    (sites, groups)
}

/// A site that some groups leave and others go to can neither be fenced nor be relied on.
fn judge_ways(sites: &Sites<'_>, groups: &[(&DerivedGroup, Way)], found: &mut Found) {
    for site in sites.all() {
        let leaves = groups.iter().find(|(_, way)| way.from == site);
        let comes = groups.iter().find(|(_, way)| way.to == site);
        if let (Some((leaves, _)), Some((comes, _))) = (leaves, comes) {
            let (name, leaves, comes) = (sites.name(site), &leaves.name, &comes.name);
            found.error(
                Code::RecoverySitesDiffer,
                format!("group {leaves} leaves {name}, and group {comes} goes to it"),
                "make a plan of its own for each direction",
            );
        }
    }
}
