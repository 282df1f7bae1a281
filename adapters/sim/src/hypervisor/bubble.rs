//! Isolated networks of tests.

use muster_plans::id::NetworkName;
use muster_plans::inventory::Power;

use crate::op::{Call, Checked, Note, Todo, not_now};
use crate::world::{Bubble, Site, World};

pub(super) fn check_make(site: &Site, call: &Call<'_>, name: &NetworkName) -> Checked {
    call.tag()?;
    if site.networks.contains_key(name) {
        return not_now(format!("{name} is the name of a network"));
    }
    let Some(bubble) = site.bubbles.get(name) else { return Ok(Todo::WORK) };
    call.owns(&bubble.tag, format!("the bubble {name}"))?;
    Ok(Todo::Nothing)
}

pub(super) fn make(world: &mut World, call: &Call<'_>, name: &NetworkName) -> Note {
    let bubble = Bubble { tag: call.ctx.run_tag.clone()? };
    world.sites.get_mut(call.site)?.bubbles.insert(name.clone(), bubble);
    None
}

pub(super) fn check_drop(site: &Site, call: &Call<'_>, name: &NetworkName) -> Checked {
    if site.networks.contains_key(name) {
        return not_now(format!("{name} is a network, not a bubble"));
    }
    let Some(bubble) = site.bubbles.get(name) else { return Ok(Todo::Nothing) };
    call.owns(&bubble.tag, format!("the bubble {name}"))?;
    let user = site.instances.iter().find(|(_, instance)| {
        let on_it = |card: &crate::world::Card| card.network.as_ref() == Some(name);
        instance.power != Power::Off && instance.cards.iter().any(on_it)
    });
    match user {
        Some((key, _)) => not_now(format!("{key} is connected to the bubble {name}")),
        None => Ok(Todo::WORK),
    }
}

pub(super) fn remove(world: &mut World, call: &Call<'_>, name: &NetworkName) -> Note {
    world.sites.get_mut(call.site)?.bubbles.remove(name);
    None
}
