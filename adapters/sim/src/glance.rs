//! What a checker sees of the world after every event, cheaply.

use muster_contract::{Mode, OpContext, OpId, Operation, OperationKind, Token};
use muster_plans::id::{ConsistencyGroupId, SiteName, VmId};
use muster_plans::inventory::Power;
use muster_plans::time::Time;

use crate::sim::Sim;
use crate::world::World;

/// A consistency group, by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupGlance {
    /// Which.
    pub id: ConsistencyGroupId,
    /// Its sites.
    pub sites: [SiteName; 2],
    /// Whether the leg takes production writes at this moment.
    pub serving: [bool; 2],
    /// Raised at each promote.
    pub generation: [u64; 2],
    /// Both legs are one stretched volume and hold the same.
    pub stretched_in_sync: bool,
}

/// The world at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// The instant.
    pub at: Time,
    /// All groups.
    pub groups: Vec<GroupGlance>,
    /// Where production VMs run.
    pub running: Vec<(VmId, SiteName)>,
    /// Promises that the world itself has seen broken so far.
    pub violations: usize,
    /// Legs whose own data was discarded so far, and those of them that were snapshotted first.
    pub discards: (usize, usize),
    /// Whether each site has power.
    pub powered: Vec<(SiteName, bool)>,
}

/// An operation had its effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// When.
    pub at: Time,
    /// Where.
    pub site: SiteName,
    /// Which operation.
    pub op: OpId,
    /// Of what kind of run.
    pub mode: Mode,
    /// Under which token.
    pub token: Token,
    /// What it did.
    pub kind: OperationKind,
    /// To what.
    pub object: String,
    /// Its backend had claimed before that it was done.
    pub claimed: bool,
    /// Generations of the group's legs before it, its own site first; zeros for other objects.
    pub generations: [u64; 2],
}

impl World {
    /// A look at everything that a checker compares.
    pub fn glance(&self) -> Glance {
        let groups = self.groups.values().map(|group| GroupGlance {
            id: group.id.clone(),
            sites: group.legs.each_ref().map(|leg| leg.site.clone()),
            serving: group.legs.each_ref().map(|leg| leg.serving),
            generation: group.legs.each_ref().map(|leg| leg.generation),
            stretched_in_sync: group.stretched() && group.in_sync,
        });
        let instances = self.sites.iter().flat_map(|(name, site)| {
            let on = site.instances.values().filter(|i| i.power == Power::On && i.tag.is_none());
            on.map(|instance| (instance.vm, name.clone()))
        });
        Glance {
            at: self.now,
            groups: groups.collect(),
            running: instances.collect(),
            violations: self.notes.violations.len()
                + self
                    .groups
                    .values()
                    .flat_map(|group| &group.data.branches)
                    .filter(|b| b.diverged > 0)
                    .count(),
            discards: (self.notes.discarded.len(), self.notes.snapshots.len()),
            powered: self.sites.iter().map(|(name, site)| (name.clone(), site.powered)).collect(),
        }
    }

    /// Notes an effect, where somebody watches.
    pub(crate) fn note_effect(
        &mut self,
        site: &SiteName,
        ctx: &OpContext,
        op: &Operation,
        token: Token,
    ) {
        if self.watched.is_none() {
            return;
        }
        let object = op.object();
        let group = object.strip_prefix("group/").map(ConsistencyGroupId::from);
        let group = group.and_then(|id| self.groups.get(&id));
        let generations = group.and_then(|group| {
            let own = group.side(site)?;
            Some([group.legs[own].generation, group.legs[1 - own].generation])
        });
        let entry = self.sites.get(site).and_then(|site| site.ledger.entries.get(&ctx.op_id));
        let claimed = entry.is_some_and(|entry| entry.result.is_some());
        let effect = Effect {
            at: self.now,
            site: site.clone(),
            op: ctx.op_id,
            mode: ctx.mode,
            token,
            kind: op.kind(),
            object,
            claimed,
            generations: generations.unwrap_or_default(),
        };
        if let Some(watched) = &mut self.watched {
            watched.push(effect);
        }
    }
}

impl Sim {
    /// From now on effects are noted for [`Sim::look_around`].
    pub fn watch(&self) {
        self.shared.at_now(|state| {
            state.world.watched = Some(Vec::new());
            state.world.hits = Some(Vec::new());
        });
    }

    /// The world at this instant.
    pub fn glance(&self) -> Glance {
        self.shared.at_now(|state| state.world.glance())
    }

    /// The world at this instant, and the effects since the last look.
    pub fn look_around(&self) -> (Glance, Vec<Effect>) {
        self.shared.at_now(|state| {
            let effects = state.world.watched.as_mut().map(std::mem::take).unwrap_or_default();
            (state.world.glance(), effects)
        })
    }
}
