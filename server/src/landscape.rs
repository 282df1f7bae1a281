//! What the server knows at the moment: documents, inventory, what was derived from them.
//!
//! One immutable [`Landscape`] is made anew whenever documents or inventory change; whoever reads
//! one sees everything of the same moment.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use muster_contract::{Capabilities, FenceState, WitnessState};
use muster_plans::compile::Wall;
use muster_plans::config::Config;
use muster_plans::group::{self, Derivation};
use muster_plans::id::{PlanName, SiteName};
use muster_plans::inventory::{Inventory, Link, SiteInventory, Witness};
use muster_plans::mobility::Method;
use muster_plans::time::Time;

/// How a site's agent answers.
#[derive(Clone, Debug, Default)]
pub struct SiteStatus {
    /// It answered the last time it was asked.
    pub reachable: bool,
    /// When it last answered.
    pub last_seen: Option<Time>,
    /// Since when it has answered, or not answered, without a break.
    pub since: Option<Time>,
    /// Why it did not.
    pub error: Option<String>,
    /// What it can do.
    pub capabilities: Option<Capabilities>,
    /// What it says of the other sites.
    pub peers: BTreeMap<SiteName, Word>,
    /// Which round of questions this answers; 0: none.
    pub round: u64,
}

/// What one site says of another one.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// Whether it has fenced it.
    pub fence: Option<FenceState>,
    /// What the witness sees of it.
    pub witness: Option<WitnessState>,
}

/// Everything at one moment.
#[derive(Clone, Debug, Default)]
pub struct Landscape {
    /// All documents.
    pub config: Config,
    /// Digest of all documents.
    pub digest: String,
    /// Rises with every change of inventory, links, witnesses or capabilities.
    pub generation: u64,
    /// All sites.
    pub inventory: Inventory,
    /// How each site answers.
    pub status: BTreeMap<SiteName, SiteStatus>,
    /// Groups with their members.
    pub derivation: Derivation,
}

/// What was learned from one site.
#[derive(Debug)]
pub struct Learned {
    /// The site.
    pub site: SiteName,
    /// How it answers.
    pub status: SiteStatus,
    /// What it reported, where it answered.
    pub inventory: Option<SiteInventory>,
    /// Links and witnesses as seen from it.
    pub surroundings: Option<(Vec<Link>, Vec<Witness>)>,
}

/// Holds the current landscape.
#[derive(Debug, Default)]
pub struct Current {
    now: RwLock<Arc<Landscape>>,
}

impl Current {
    /// The landscape of this moment.
    pub fn get(&self) -> Arc<Landscape> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the landscape and derives the groups anew.
    pub fn change(&self, change: impl FnOnce(&mut Landscape)) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Landscape::clone(&now);
        change(&mut next);
        next.derivation = group::derive(&next.config, &next.inventory).next(Some(&now.derivation));
        *now = Arc::new(next);
    }
}

impl Landscape {
    /// Fences that are up, as the sites that raised them said last.
    pub fn fences(&self) -> impl Iterator<Item = Wall> {
        self.status.iter().flat_map(|(by, status)| {
            let raised = |state| matches!(state, FenceState::Fenced | FenceState::Asked);
            let peers = status.peers.iter();
            let fenced = peers.filter(move |(_, word)| word.fence.is_some_and(raised));
            fenced.map(|(site, _)| (site.clone(), by.clone()))
        })
    }

    /// Takes in what sites reported. Answers with the sites whose inventory differs from before.
    pub fn learn(&mut self, learned: Vec<Learned>) -> Vec<SiteName> {
        let mut changed = Vec::new();
        let around = self.around();
        for one in learned {
            // Rounds go on side by side, and what was asked first may be answered last.
            if self.status.get(&one.site).is_some_and(|status| status.round > one.status.round) {
                continue;
            }
            if let Some(inventory) = one.inventory {
                let before = self.inventory.sites.insert(one.site.clone(), inventory);
                if !same(before.as_ref(), self.inventory.sites.get(&one.site)) {
                    changed.push(one.site.clone());
                }
            }
            if let Some((links, witnesses)) = one.surroundings {
                merge_links(&mut self.inventory.links, links);
                merge_witnesses(&mut self.inventory.witnesses, witnesses);
            }
            let status = self.status.entry(one.site).or_default();
            let last_seen = one.status.last_seen.or(status.last_seen);
            let capabilities = one.status.capabilities.or_else(|| status.capabilities.take());
            let unbroken = status.reachable == one.status.reachable;
            let since = status.since.filter(|_| unbroken).or(one.status.since);
            *status = SiteStatus { last_seen, since, capabilities, ..one.status };
        }
        if !changed.is_empty() {
            self.inventory.generation += 1;
        }
        if !changed.is_empty() || around != self.around() {
            self.generation += 1;
        }
        changed
    }

    /// What surrounds the sites, apart from when it was measured.
    fn around(&self) -> (Vec<Link>, Vec<Witness>, BTreeMap<SiteName, Vec<Method>>) {
        let timeless = |link: &Link| Link { measured_at: Time::default(), ..link.clone() };
        let links = self.inventory.links.iter().map(timeless).collect();
        (links, self.inventory.witnesses.clone(), self.methods())
    }

    /// Live methods that each site can do.
    pub fn methods(&self) -> BTreeMap<SiteName, Vec<Method>> {
        let methods = |status: &SiteStatus| {
            status.capabilities.as_ref().map(|c| c.methods.clone()).unwrap_or_default()
        };
        self.status.iter().map(|(site, status)| (site.clone(), methods(status))).collect()
    }

    /// Whether a site answers.
    pub fn answers(&self, site: &SiteName) -> bool {
        self.status.get(site).is_some_and(|status| status.reachable)
    }

    /// The sites of a plan by role at the moment: where its VMs run, and where they are recovered.
    pub fn sides(&self, plan: &PlanName, reversed: bool) -> (Vec<SiteName>, Vec<SiteName>) {
        let Some(plan) = self.config.plans.get(plan) else { return (Vec::new(), Vec::new()) };
        let groups = plan.spec.protection_groups.iter().filter_map(|g| self.config.groups.get(g));
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for group in groups {
            let sites = &group.sites;
            let (a, b) = if reversed {
                (&sites.recovery, &sites.protected)
            } else {
                (&sites.protected, &sites.recovery)
            };
            if !from.contains(a) {
                from.push(a.clone());
            }
            if !to.contains(b) {
                to.push(b.clone());
            }
        }
        (from, to)
    }
}

/// Whether two reports say the same, apart from when they were made.
fn same(before: Option<&SiteInventory>, after: Option<&SiteInventory>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    before.managers == after.managers
        && before.clusters == after.clusters
        && before.hosts == after.hosts
        && before.networks == after.networks
        && before.containers == after.containers
        && before.endpoints == after.endpoints
        && before.volumes == after.volumes
        && before.groups == after.groups
        && before.vms == after.vms
}

/// A link is measured from both ends; the later measurement stands.
fn merge_links(known: &mut Vec<Link>, links: Vec<Link>) {
    for link in links {
        let ends = |l: &Link| (l.a == link.a && l.b == link.b) || (l.a == link.b && l.b == link.a);
        match known.iter_mut().find(|l| ends(l)) {
            Some(old) if old.measured_at <= link.measured_at => *old = link,
            Some(_) => {}
            None => known.push(link),
        }
    }
}

/// The last report stands.
fn merge_witnesses(known: &mut Vec<Witness>, witnesses: Vec<Witness>) {
    for witness in witnesses {
        match known.iter_mut().find(|w| w.name == witness.name) {
            Some(old) => *old = witness,
            None => known.push(witness),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_later_stands_whenever_it_is_answered() {
        let site = SiteName::from("paris");
        let answer = |round: u64, observed_at: i64| Learned {
            site: site.clone(),
            status: SiteStatus { reachable: true, round, ..SiteStatus::default() },
            inventory: Some(SiteInventory::empty(site.clone(), Time(observed_at))),
            surroundings: None,
        };
        let mut landscape = Landscape::default();
        let mut seen = |answer| {
            landscape.learn(vec![answer]);
            landscape.inventory.sites[&site].observed_at
        };
        assert_eq!(seen(answer(2, 200)), Time(200));
        assert_eq!(seen(answer(1, 100)), Time(200), "asked before, answered after");
        assert_eq!(seen(answer(3, 150)), Time(150), "by another clock");
    }
}
