//! What judging a VM looks things up in: names become small numbers once, so that the work per
//! object is a lookup and no text is compared or copied.

use std::sync::Arc;

use super::hash::Map;
use super::site_index::{SiteIndex, SiteIx, SiteNames, Storages};
use crate::config::Config;
use crate::document::{GroupSites, InventoryMappingSpec, Where};
use crate::id::{ConsistencyGroupId, GroupName, PolicyName};
use crate::inventory::{Inventory, SiteInventory};
use crate::policy::{Broken, StoragePolicy, evaluate};

/// Place of a protection group in [`Index::groups`].
pub(super) type GroupIx = usize;
/// Place of a policy in [`Index::policies`].
pub(super) type PolicyIx = u32;
/// Place of a consistency group in [`Index::storage`]. Both legs have the same.
pub(super) type StorageIx = u32;

/// A protection group's document.
#[derive(Debug)]
pub(super) struct GroupIndex {
    pub(super) name: GroupName,
    /// The pair, protected first.
    pub(super) pair: [SiteIx; 2],
    /// Tags that its narrowing asks for.
    pub(super) tags: Vec<(Arc<str>, Arc<str>)>,
}

impl GroupIndex {
    /// The other site of the pair.
    pub(super) fn other(&self, site: SiteIx) -> SiteIx {
        if self.pair[0] == site { self.pair[1] } else { self.pair[0] }
    }
}

/// Everything that judging looks at, but the VMs.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) names: SiteNames,
    /// Sites of the inventory, by the first places of `names`.
    pub(super) sites: Vec<SiteIndex>,
    pub(super) groups: Vec<GroupIndex>,
    /// Consistency groups, by the order in which sites name them.
    pub(super) storage: Vec<ConsistencyGroupId>,
    policy_ix: Map<PolicyName, PolicyIx>,
    /// `None`: a group names it and no document describes it.
    policies: Vec<Option<StoragePolicy>>,
    /// Groups that have a policy at a site: `[policy][site]`.
    claims: Vec<Vec<Vec<GroupIx>>>,
}

impl Index {
    /// For VMs wherever they are, also where none is registered yet.
    pub(super) fn new(config: &Config, inventory: &Inventory) -> Index {
        Index::of(config, inventory, |_| true)
    }

    /// For the VMs that are registered now. At a site without any nobody asks for its storage, and
    /// the recovery site of a quiet pair is one.
    pub(super) fn of_registered(config: &Config, inventory: &Inventory) -> Index {
        Index::of(config, inventory, |site| !site.vms.is_empty())
    }

    fn of(config: &Config, inventory: &Inventory, asked: fn(&SiteInventory) -> bool) -> Index {
        let mut names = SiteNames::new(inventory.sites.keys());
        let mut storages = Storages::default();
        let sites = inventory
            .sites
            .values()
            .map(|site| match asked(site) {
                true => SiteIndex::new(site, &mut names, &mut storages),
                false => SiteIndex::default(),
            })
            .collect();
        let groups = config
            .groups
            .iter()
            .map(|(name, spec)| GroupIndex {
                name: name.clone(),
                pair: [&spec.sites.protected, &spec.sites.recovery].map(|site| names.place(site)),
                tags: spec.narrow.as_ref().map(tags).unwrap_or_default(),
            })
            .collect();
        let mut index = Index {
            names,
            sites,
            groups,
            storage: storages.ids,
            policy_ix: Map::default(),
            policies: Vec::new(),
            claims: Vec::new(),
        };
        for (name, policy) in &config.policies {
            let ix = index.intern(name);
            index.policies[ix as usize] = Some(policy.clone());
        }
        for (group, spec) in config.groups.values().enumerate() {
            for policy in &spec.policies {
                index.claim(group, &spec.sites, policy, config);
            }
        }
        index
    }

    fn intern(&mut self, name: &PolicyName) -> PolicyIx {
        if let Some(&ix) = self.policy_ix.get(name) {
            return ix;
        }
        let ix = self.policies.len() as PolicyIx;
        self.policy_ix.insert(name.clone(), ix);
        self.policies.push(None);
        self.claims.push(vec![Vec::new(); self.sites.len()]);
        ix
    }

    /// A group has its policies at both sites of its pair, and what they are mapped to as well:
    /// after a recovery the objects carry the mapped name.
    fn claim(&mut self, group: GroupIx, sites: &GroupSites, policy: &PolicyName, config: &Config) {
        let [protected, recovery] = self.groups[group].pair;
        let mut names = vec![(protected, policy.clone()), (recovery, policy.clone())];
        let mapped = config.mappings.values().flat_map(|spec| mapped(spec, sites, policy));
        names.extend(mapped.map(|name| (recovery, name)));
        for (site, name) in names {
            let ix = self.intern(&name) as usize;
            let Some(claims) = self.claims[ix].get_mut(site) else { continue };
            if !claims.contains(&group) {
                claims.push(group);
            }
        }
    }

    pub(super) fn policy(&self, name: &PolicyName) -> Option<PolicyIx> {
        self.policy_ix.get(name).copied()
    }

    /// Groups that have a policy at a site.
    pub(super) fn claims(&self, policy: PolicyIx, site: SiteIx) -> &[GroupIx] {
        &self.claims[policy as usize][site]
    }

    /// Whether a document describes a policy.
    pub(super) fn is_described(&self, policy: PolicyIx) -> bool {
        self.policies[policy as usize].is_some()
    }
}

fn tags(narrow: &Where) -> Vec<(Arc<str>, Arc<str>)> {
    narrow.tags.iter().map(|(tag, value)| (tag.as_str().into(), value.as_str().into())).collect()
}

/// Names at the recovery site of a group's policy.
fn mapped(spec: &InventoryMappingSpec, sites: &GroupSites, policy: &PolicyName) -> Vec<PolicyName> {
    let same = spec.sites == *sites;
    let turned = spec.sites.protected == sites.recovery && spec.sites.recovery == sites.protected;
    let name = policy.as_str();
    let mapped = spec.policies.iter().filter_map(|pair| match pair {
        pair if same && name == pair.protected => Some(pair.recovery.as_str().into()),
        pair if turned && name == pair.recovery => Some(pair.protected.as_str().into()),
        _ => None,
    });
    mapped.collect()
}

/// `None`: the policy holds. Else what is broken in the nearest rule set.
type Outcome = Option<Arc<[Broken]>>;

/// Whether a policy holds in a container: asked once for each pair of them.
#[derive(Debug, Default)]
pub(super) struct Compliances(Map<(PolicyIx, SiteIx, u32), Outcome>);

impl Compliances {
    pub(super) fn broken(
        &mut self,
        index: &Index,
        policy: PolicyIx,
        site: SiteIx,
        container: u32,
    ) -> Outcome {
        let asked = self.0.entry((policy, site, container)).or_insert_with(|| {
            let advertised = index.sites[site].advertised(container);
            let policy = index.policies[policy as usize].as_ref()?;
            let evaluation = evaluate(policy, advertised);
            (!evaluation.compliant).then(|| Arc::from(evaluation.nearest()))
        });
        asked.clone()
    }
}
