//! What queries see.

use muster_contract::{FenceState, Instance, Observation, Query, Token, VmState, WitnessState};
use muster_plans::id::{RunTag, SiteName, WitnessName};

use super::Inner;

impl Inner {
    pub(super) fn answer(&self, site: &SiteName, query: &Query) -> Observation {
        let objects = &self.objects;
        match query {
            Query::Group(id) => {
                Observation::Group(objects.groups.get(&(site.clone(), id.clone())).cloned())
            }
            Query::Vm(vm) => Observation::Vm(self.vm(site, vm)),
            Query::Host(id) => {
                Observation::Host(objects.hosts.get(&(site.clone(), id.clone())).cloned())
            }
            Query::Clone { clone, .. } => {
                Observation::Clone(objects.clones.get(&(site.clone(), clone.clone())).cloned())
            }
            Query::Bubble(name) => {
                Observation::Bubble(objects.bubbles.get(&(site.clone(), name.clone())).cloned())
            }
            Query::Fence(against) => {
                let fenced = objects.fences.contains(&(site.clone(), against.clone()));
                Observation::Fence(if fenced { FenceState::Fenced } else { FenceState::Unfenced })
            }
            Query::Witness(of) => {
                let sight = self.witness.get(of).copied();
                let witness = sight.map(|_| WitnessName::from("w1"));
                Observation::Witness(WitnessState { witness, sight, last_seen: None })
            }
            Query::Leftovers(tag) => Observation::Leftovers(self.leftovers(site, tag)),
            Query::Alive => Observation::Alive { high_water: Token::default() },
        }
    }

    fn vm(&self, site: &SiteName, vm: &Instance) -> Option<VmState> {
        let mut state = self.objects.vms.get(&(site.clone(), vm.clone())).cloned()?;
        state.wrote &= !self.sick.contains(&vm.vm());
        Some(state)
    }

    fn leftovers(&self, at: &SiteName, tag: &RunTag) -> Vec<String> {
        let objects = &self.objects;
        let vms = objects.vms.keys().filter_map(|(site, vm)| match vm {
            Instance::Test(id, of) if site == at && of == tag => Some(format!("vm/{id}")),
            _ => None,
        });
        let clones = objects.clones.iter().filter(|((site, _), c)| site == at && c.tag == *tag);
        let bubbles = objects.bubbles.iter().filter(|((site, _), b)| site == at && b.tag == *tag);
        vms.chain(clones.map(|((_, name), _)| format!("clone/{name}")))
            .chain(bubbles.map(|((_, name), _)| format!("bubble/{name}")))
            .collect()
    }
}
