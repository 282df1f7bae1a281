//! Fencing a peer site: its legs of the groups that both share stay read-only.
//!
//! A fence is recorded at the array that asked and at the witness. It takes hold when word of it
//! reaches the fenced array, and a site that comes back asks one of the two before it writes. So it
//! is proved either by that word, or by the witness having called the site dead: then the site has
//! stopped, and cannot begin again without hearing of the fence.

use muster_contract::{FenceState, WitnessSight, WitnessState};
use muster_plans::id::SiteName;
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

use crate::op::{Call, Checked, Note, Todo, missing, not_now};
use crate::world::World;

/// A site that is cut off by another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SiteFence {
    pub(crate) site: SiteName,
    pub(crate) by: SiteName,
    pub(crate) at: Time,
    /// The fenced array has heard of it.
    pub(crate) heard: bool,
}

pub(super) fn check_fence(world: &World, call: &Call<'_>, site: &SiteName) -> Checked {
    known_peer(world, call, site)?;
    let there = world.fences.iter().any(|fence| &fence.site == site && &fence.by == call.site);
    Ok(if there { Todo::Nothing } else { Todo::WORK })
}

pub(super) fn check_unfence(world: &World, call: &Call<'_>, site: &SiteName) -> Checked {
    known_peer(world, call, site)?;
    let there = world.fences.iter().any(|fence| &fence.site == site && &fence.by == call.site);
    Ok(if there { Todo::WORK } else { Todo::Nothing })
}

fn known_peer(
    world: &World,
    call: &Call<'_>,
    site: &SiteName,
) -> Result<(), muster_contract::Reason> {
    if !world.sites.contains_key(site) {
        return missing(format!("the site {site}"));
    }
    if site == call.site {
        return not_now("a site cannot fence itself");
    }
    Ok(())
}

pub(super) fn fence(world: &mut World, call: &Call<'_>, site: &SiteName) -> Note {
    let fence =
        SiteFence { site: site.clone(), by: call.site.clone(), at: world.now, heard: false };
    world.fences.push(fence);
    world.world_changed();
    match world.fence_state(call.site, site) {
        FenceState::Fenced => None,
        FenceState::Asked | FenceState::Unfenced => {
            Some(format!("{site} has not heard of it yet; it will before it writes again"))
        }
    }
}

pub(super) fn unfence(world: &mut World, call: &Call<'_>, site: &SiteName) -> Note {
    world.fences.retain(|fence| &fence.site != site || &fence.by != call.site);
    world.world_changed();
    None
}

impl World {
    /// Whether a site's legs of the groups that it shares with `by` are cut off.
    pub(crate) fn fenced(&self, site: &SiteName, by: &SiteName) -> bool {
        self.fences.iter().any(|fence| fence.heard && &fence.site == site && &fence.by == by)
    }

    /// Word of a fence travels to the fenced array, directly or through the witness.
    pub(crate) fn deliver_fences(&mut self) {
        for nr in 0..self.fences.len() {
            let (site, by) = (&self.fences[nr].site, &self.fences[nr].by);
            let direct = self.contact(site, by);
            // The witness remembers the fence, whatever became of the site that asked for it.
            let through = self.sees_witness(site);
            if direct || through {
                self.fences[nr].heard = true;
            }
        }
    }

    /// Whether it is read back, from a site, that another one cannot write.
    pub(crate) fn fence_state(&self, from: &SiteName, site: &SiteName) -> FenceState {
        let fence = self.fences.iter().find(|fence| &fence.site == site && &fence.by == from);
        let dead = || self.witness_state(from, site).sight == Some(WitnessSight::Dead);
        match fence {
            Some(fence) if fence.heard || dead() => FenceState::Fenced,
            Some(_) => FenceState::Asked,
            None => FenceState::Unfenced,
        }
    }

    /// What the witness says of a site, as heard from another one.
    pub(crate) fn witness_state(&self, from: &SiteName, site: &SiteName) -> WitnessState {
        let none = WitnessState { witness: None, sight: None, last_seen: None };
        if !self.sees_witness(from) {
            return none;
        }
        let Some(witness) = &self.witness else { return none };
        let Some(seen) = witness.seen.get(site) else { return none };
        let quiet = self.now.since(seen.last.max(witness.up_since));
        let patience = self.settings.lease_ttl + self.settings.lease_ttl;
        let sight = if self.sees_witness(site) {
            WitnessSight::Seen
        } else if seen.heard || self.static_rule(from, site) || quiet <= patience {
            // Where both sites agreed that the witness is gone, the other one may write without
            // a lease, so that its silence says nothing.
            WitnessSight::Silent
        } else {
            WitnessSight::Dead
        };
        let last_seen = Some(if seen.heard { self.now } else { seen.last });
        WitnessState { witness: Some(witness.name.clone()), sight: Some(sight), last_seen }
    }
}
