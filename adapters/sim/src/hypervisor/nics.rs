//! Connects network cards.

use muster_contract::{Instance, NicSpec, TestNicSpec};
use muster_plans::graph::Address;
use muster_plans::guard::{Guard, holds};
use muster_plans::id::{NetworkName, RunTag, VmId};
use muster_plans::inventory::NetworkRole;

use super::registered;
use crate::op::{Call, Checked, Note, Todo, missing, not_now};
use crate::world::{Card, Registration, Site, World, key};

type Wanted<'a> = Vec<(&'a str, &'a NetworkName)>;

fn connected(instance: &Registration, wanted: &Wanted<'_>) -> Todo {
    let is = |(mac, network): &(&str, &NetworkName)| {
        let card = instance.cards.iter().find(|card| card.mac.as_ref() == *mac);
        card.is_some_and(|card| card.network.as_ref() == Some(network))
    };
    if wanted.iter().all(is) { Todo::Nothing } else { Todo::WORK }
}

pub(super) fn check(site: &Site, vm: VmId, nics: &[NicSpec]) -> Checked {
    let instance = registered(site, &Instance::Production(vm))?;
    for nic in nics {
        production(site, &nic.network)?;
    }
    Ok(connected(instance, &nics.iter().map(|nic| (nic.mac.as_ref(), &nic.network)).collect()))
}

/// A network that a VM of production may be connected to.
pub(super) fn production(site: &Site, name: &NetworkName) -> Result<(), muster_contract::Reason> {
    match site.networks.get(name).map(|network| network.role) {
        Some(NetworkRole::Production) => Ok(()),
        Some(_) => not_now(format!("the network {name} is not for production")),
        None => missing(format!("the network {name}")),
    }
}

pub(super) fn check_test(site: &Site, vm: VmId, tag: &RunTag, nics: &[TestNicSpec]) -> Checked {
    let instance = registered(site, &Instance::Test(vm, tag.clone()))?;
    for nic in nics {
        let name = &nic.network;
        match (site.bubbles.get(name), site.networks.get(name).map(|network| network.role)) {
            (Some(bubble), _) if &bubble.tag == tag => {}
            (None, Some(NetworkRole::Test)) => {}
            (None, None) => return missing(format!("the network {name}")),
            _ if !holds(Guard::BubbleAtSite) => {}
            _ => return not_now(format!("the network {name} is neither for tests nor of {tag}")),
        }
    }
    Ok(connected(instance, &nics.iter().map(|nic| (nic.mac.as_ref(), &nic.network)).collect()))
}

pub(super) fn apply(world: &mut World, call: &Call<'_>, vm: VmId, nics: &[NicSpec]) -> Note {
    let wanted = nics.iter().map(|nic| (nic.mac.as_ref(), &nic.network)).collect();
    connect(world, call, &key(&Instance::Production(vm)), &wanted)
}

pub(super) fn apply_test(
    world: &mut World,
    call: &Call<'_>,
    vm: VmId,
    tag: &RunTag,
    nics: &[TestNicSpec],
) -> Note {
    let wanted = nics.iter().map(|nic| (nic.mac.as_ref(), &nic.network)).collect();
    connect(world, call, &key(&Instance::Test(vm, tag.clone())), &wanted)
}

fn connect(world: &mut World, call: &Call<'_>, key: &str, wanted: &Wanted<'_>) -> Note {
    plug(world.instance_mut(call.site, key)?, wanted);
    world.watch_instance(call.site, key);
    None
}

/// Connects cards by their hardware address; one that the VM does not have is added.
pub(super) fn plug(instance: &mut Registration, wanted: &Wanted<'_>) {
    for (mac, network) in wanted {
        let network = Some((*network).clone());
        match instance.cards.iter_mut().find(|card| card.mac.as_ref() == *mac) {
            Some(card) => card.network = network,
            None => {
                let address = Address::default();
                instance.cards.push(Card { mac: (*mac).into(), network, address });
            }
        }
    }
}
