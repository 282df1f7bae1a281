//! What at a site is not protected, and why.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::deriver::Sorted;
use super::index::{Compliances, GroupIx, Index};
use super::site_index::Leg;
use super::standing::Instance;
use super::{Derivation, Reason};
use crate::config::Config;
use crate::id::{GroupName, SiteName, VmId};
use crate::inventory::{Inventory, VirtualMachine, VmObject};

/// An object that no group protects.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Uncovered {
    /// The VM.
    pub vm: VmId,
    /// Its name.
    pub name: Arc<str>,
    /// The object: its home or a disk; `None`: the VM has neither.
    pub object: Option<Arc<str>>,
    /// The group that comes nearest; `None`: none has the object's policy at this site.
    pub group: Option<GroupName>,
    /// Why.
    pub why: Why,
}

/// Reasons, one or more; prints them in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Why(pub Vec<Reason>);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, reason) in self.0.iter().enumerate() {
            write!(f, "{}{reason}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Every home and disk of a production VM in use at a site that no group protects, sorted by VM
/// name and then in the VM's own order. Old copies that a recovery left behind are not listed:
/// their VM is in use elsewhere.
pub fn coverage(
    config: &Config,
    derivation: &Derivation,
    inventory: &Inventory,
    site: &SiteName,
) -> Vec<Uncovered> {
    let index = Index::of_registered(config, inventory);
    let mut cache = Compliances::default();
    let sorted = Sorted::new(inventory);
    let mut uncovered = Vec::new();
    for same in sorted.by_vm(&index) {
        let at = same.iter().find(|instance| index.names.name(instance.site) == site);
        let Some(instance) = at.filter(|i| i.is_production() && in_use(i, &same)) else {
            continue;
        };
        let vm = instance.vm;
        let found = |object: Option<Arc<str>>, group, why| {
            let (vm, name) = (vm.id, vm.name.clone());
            Uncovered { vm, name, object, group, why: Why(why) }
        };
        let mut needed = instance.needed().peekable();
        if needed.peek().is_none() {
            uncovered.push(found(None, None, vec![Reason::NothingToRecover]));
        }
        for (object, leg) in needed {
            let lacks = index.uncovered(instance, object, leg, derivation, &mut cache);
            let label = Some(object.label.clone());
            uncovered.extend(lacks.map(|(group, why)| found(label, group, why)));
        }
    }
    uncovered.sort_by(|a, b| (&a.name, a.vm).cmp(&(&b.name, b.vm)));
    uncovered
}

/// Whether no instance at another site beats this one.
fn in_use(instance: &Instance<'_>, instances: &[Instance<'_>]) -> bool {
    instances.iter().all(|other| instance.is_active(other.site, instances, true))
}

impl Index {
    /// `None`: some group protects the object. Else the group that lacks least, and what it lacks.
    fn uncovered(
        &self,
        instance: &Instance<'_>,
        object: &VmObject,
        leg: Option<Option<Leg>>,
        derivation: &Derivation,
        cache: &mut Compliances,
    ) -> Option<(Option<GroupName>, Vec<Reason>)> {
        let (site, vm) = (instance.site, instance.vm);
        let label = object.label.clone();
        let Some(policy) = &object.policy else {
            return Some((None, vec![Reason::NoPolicy { object: label }]));
        };
        let claims = self.policy(policy).map(|ix| self.claims(ix, site)).unwrap_or_default();
        let mut nearest: Option<(GroupIx, Vec<Reason>)> = None;
        for &group in claims {
            let mut why = self.narrowed_for(group, vm, derivation);
            why.extend(self.lacking(group, site, object, leg, cache));
            if why.is_empty() {
                return None;
            }
            if nearest.as_ref().is_none_or(|(_, known)| why.len() < known.len()) {
                nearest = Some((group, why));
            }
        }
        match nearest {
            Some((group, why)) => Some((Some(self.groups[group].name.clone()), why)),
            None => {
                let policy = policy.clone();
                Some((None, vec![Reason::PolicyInNoGroup { object: label, policy }]))
            }
        }
    }

    /// Why a group that has the policy leaves the VM out.
    fn narrowed_for(
        &self,
        group: GroupIx,
        vm: &VirtualMachine,
        derivation: &Derivation,
    ) -> Vec<Reason> {
        let derived = derivation.groups.get(&self.groups[group].name);
        if derived.is_some_and(|derived| derived.holds(&vm.name, vm.id)) {
            return Vec::new();
        }
        self.narrowed(group, vm)
    }
}
