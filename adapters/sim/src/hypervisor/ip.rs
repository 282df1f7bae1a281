//! Writes addresses into a guest.

use muster_contract::Instance;
use muster_plans::graph::Address;

use super::registered;
use crate::op::{Call, Checked, Note, Todo, not_now};
use crate::world::{Site, World, key};

pub(super) fn check(site: &Site, instance: &Instance, wanted: &[Option<Address>]) -> Checked {
    let found = registered(site, instance)?;
    if wanted.len() > found.cards.len() {
        let (have, want) = (found.cards.len(), wanted.len());
        return not_now(format!("it has {have} network cards, and addresses for {want} are given"));
    }
    let is = |(card, address): (&crate::world::Card, &Option<Address>)| {
        address.as_ref().is_none_or(|address| &card.address == address)
    };
    Ok(if found.cards.iter().zip(wanted).all(is) { Todo::Nothing } else { Todo::WORK })
}

pub(super) fn apply(
    world: &mut World,
    call: &Call<'_>,
    instance: &Instance,
    wanted: &[Option<Address>],
) -> Note {
    let found = world.instance_mut(call.site, &key(instance))?;
    for (card, address) in found.cards.iter_mut().zip(wanted) {
        if let Some(address) = address {
            card.address = address.clone();
        }
    }
    None
}
