//! Where a plan stands by what its storage says, for a server whose journal has lost its end.
//!
//! A restored database believes what was true when the backup was made. The storage knows which way it
//! replicates and which side was promoted, so that is what a plan's state is set against: where both
//! agree nothing is touched, and a run that is under way goes on by its journal. Where they do not, the
//! storage is right, and a run that cannot have led there is given up.

mod moved;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use super::{ActiveRun, Began, Conditions, Direction, Going, Phase, PlanState};
use crate::graph::{Graph, GroupIx};
use crate::group::DerivedGroup;
use crate::id::{ConsistencyGroupId, SiteName};
use crate::inventory::{ConsistencyGroup, Inventory, ReplicaRole, ReplicationMode};
use crate::run::RunKind;

pub use moved::{Back, moved_back};

/// Where one group, or a whole plan, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stand {
    /// One side writes and the other receives.
    Protects(Direction),
    /// The receiving side of this direction was promoted, and nothing protects the other way yet.
    Recovered(Direction),
}

impl Stand {
    /// The direction of it.
    pub fn direction(self) -> Direction {
        match self {
            Stand::Protects(direction) | Stand::Recovered(direction) => direction,
        }
    }

    /// In the order in which one is taken where several fit.
    pub const ALL: [Stand; 4] = [
        Stand::Protects(Direction::Forward),
        Stand::Protects(Direction::Reversed),
        Stand::Recovered(Direction::Forward),
        Stand::Recovered(Direction::Reversed),
    ];
}

impl fmt::Display for Stand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stand::Protects(Direction::Forward) => "protects as its documents say",
            Stand::Protects(Direction::Reversed) => "protects the other way round",
            Stand::Recovered(Direction::Forward) => "was recovered at the recovery site",
            Stand::Recovered(Direction::Reversed) => "was recovered back at the protected site",
        })
    }
}

/// What was read of one group. The legs are those of its documents, whichever way it goes now.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Which group.
    pub id: &'a ConsistencyGroupId,
    /// Its protected site, by the documents.
    pub protected: &'a SiteName,
    /// The leg at the protected site; `None`: that site does not answer.
    pub here: Option<&'a ConsistencyGroup>,
    /// The leg at the recovery site; `None`: that site does not answer.
    pub there: Option<&'a ConsistencyGroup>,
}

/// The groups of some protection groups, as an inventory shows them, and those of a run that is under way or
/// halted: a VM that is registered nowhere at the moment makes no member of any group, and its storage tells
/// all the same. `answers`: whether what stands there of a site was read now; what was read earlier says
/// nothing.
pub fn sights<'a>(
    inventory: &'a Inventory,
    groups: impl IntoIterator<Item = &'a DerivedGroup>,
    run: Option<(&'a Graph, Direction)>,
    answers: impl Fn(&SiteName) -> bool,
) -> Vec<Sight<'a>> {
    let legs = inventory.sites.iter().filter(|(name, _)| answers(name));
    let legs =
        legs.flat_map(|(name, site)| site.groups.iter().map(move |leg| ((name, &leg.id), leg)));
    let legs: BTreeMap<(&SiteName, &ConsistencyGroupId), &ConsistencyGroup> = legs.collect();
    let sight =
        |id: &'a ConsistencyGroupId, protected: &'a SiteName, recovery: &'a SiteName| Sight {
            id,
            protected,
            here: legs.get(&(protected, id)).copied(),
            there: legs.get(&(recovery, id)).copied(),
        };
    let mut sights = BTreeMap::new();
    for group in groups {
        let ids = group.consistency_groups.iter();
        sights.extend(ids.map(|id| (id, sight(id, &group.protected, &group.recovery))));
    }
    if let Some((graph, direction)) = run {
        for group in &graph.groups {
            let (from, to) = (graph.site(group.from), graph.site(group.to));
            let (protected, recovery) = match direction {
                Direction::Forward => (from, to),
                Direction::Reversed => (to, from),
            };
            sights.entry(&group.id).or_insert_with(|| sight(&group.id, protected, recovery));
        }
    }
    sights.into_values().collect()
}

/// What is to be done about a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    /// The state takes the place of the one that was believed; `None`: that one holds.
    pub state: Option<PlanState>,
    /// The run that is under way, or halted, cannot have led to what is there: it is given up.
    pub gives_up: bool,
    /// What does not fit, in words, one group or plan each.
    pub contradictions: Vec<String>,
}

/// Sets what is believed of a plan against what was read. `run` is the graph of the run that is under
/// way or halted; `back`: what [`moved_back`] says.
///
/// A group of which neither site answers says nothing. Where the groups fit no common state the plan
/// stands half-way: through a reprotect, which is then simply not done yet, or through a failover.
pub fn reckon(
    believed: &PlanState,
    run: Option<&Graph>,
    seen: &[Sight<'_>],
    back: &Back<'_>,
) -> Reckoning {
    let seen: Vec<(&Sight<'_>, Vec<Stand>)> = seen
        .iter()
        .filter(|sight| sight.here.is_some() || sight.there.is_some())
        .map(|sight| (sight, stands(sight)))
        .collect();
    let common = |stand: &Stand| seen.iter().all(|(_, stands)| stands.contains(stand));
    // Who has gone back has been turned round before.
    let turned = Stand::Protects(believed.direction.turned());
    let turning = run.map(|graph| graph.kind == RunKind::Reprotect);
    let is_back = turning != Some(false)
        && back.any(turning.is_some())
        && !seen.is_empty()
        && common(&turned);
    let mut contradictions = Vec::new();
    if is_back {
        contradictions.push(back.to_string());
    }
    if let Some(graph) = run {
        contradictions.extend(seen.iter().filter_map(|(sight, _)| against(graph, sight)));
        if keeps(believed) {
            contradictions.extend(seen.iter().filter_map(|(sight, stands)| dark(sight, stands)));
        }
        if contradictions.is_empty() {
            return Reckoning::default();
        }
    }
    let expected = expected(believed);
    let half_way = half_way(believed);
    let between = |stands: &[Stand]| {
        let recovered = Stand::Recovered(believed.direction);
        stands.is_empty() || stands.contains(&expected) || stands.contains(&recovered)
    };
    // A live move may turn its group on the way, which a reprotect then finds done.
    let is_turned = |stands: &[Stand]| {
        expected == Stand::Recovered(believed.direction) && stands.contains(&turned)
    };
    let is_dark = |sight: &Sight<'_>, stands: &[Stand]| {
        expected == Stand::Recovered(believed.direction) && dark(sight, stands).is_some()
    };
    let fits = |sight: &Sight<'_>, stands: &[Stand]| {
        let there = stands.contains(&expected) && !is_dark(sight, stands);
        there || is_turned(stands) || (half_way && between(stands))
    };
    if run.is_none() && !is_back && seen.iter().all(|(sight, stands)| fits(sight, stands)) {
        return Reckoning::default();
    }
    let found = match is_back {
        true => Some(turned),
        false if common(&expected) => Some(expected),
        false => Stand::ALL.into_iter().find(common),
    };
    let found = found.or_else(|| half_turned(&seen));
    // A recovery whose copy is written nowhere has to be done again: it is half-way.
    let found = found.filter(|stand| {
        let undone = |(sight, stands): &(&Sight<'_>, Vec<Stand>)| dark(sight, stands).is_some();
        !matches!(stand, Stand::Recovered(_)) || !seen.iter().any(undone)
    });
    if run.is_none() {
        let differing = seen.iter().filter(|(sight, stands)| !fits(sight, stands));
        contradictions.extend(differing.map(|(sight, stands)| {
            dark(sight, stands).unwrap_or_else(|| differs(sight, stands, expected))
        }));
    }
    let state = found.map_or_else(|| torn(believed, &seen), |stand| standing(believed, stand));
    Reckoning { state: Some(state), gives_up: run.is_some(), contradictions }
}

/// Where a plan stands that has no run under way.
fn expected(believed: &PlanState) -> Stand {
    match believed.phase {
        Phase::CommitHeld | Phase::Recovered | Phase::Reprotecting => {
            Stand::Recovered(believed.direction)
        }
        _ => Stand::Protects(believed.direction),
    }
}

/// In the middle of a reprotect some groups protect the other way already: the plan is recovered, and the
/// reprotect that is started again finds them done.
fn half_turned(seen: &[(&Sight<'_>, Vec<Stand>)]) -> Option<Stand> {
    [Direction::Forward, Direction::Reversed].into_iter().map(Stand::Recovered).find(|recovered| {
        let turned = Stand::Protects(recovered.direction().turned());
        seen.iter().all(|(_, stands)| stands.contains(recovered) || stands.contains(&turned))
    })
}

/// A run had stopped half-way and was over: its groups have gone, or wait, or are between the two.
fn half_way(believed: &PlanState) -> bool {
    matches!(believed.phase, Phase::Migrating | Phase::FailingOver | Phase::RollingBack)
}

/// Where a group may stand by its legs. A stretched group whose preference was turned looks like one
/// that protects the other way and like one that was recovered: it is both.
fn stands(sight: &Sight<'_>) -> Vec<Stand> {
    let role = |leg: Option<&ConsistencyGroup>| leg.map(|leg| leg.role);
    let stretched = [sight.here, sight.there]
        .into_iter()
        .flatten()
        .any(|leg| leg.mode == ReplicationMode::Stretched);
    let (here, there) = (role(sight.here), role(sight.there));
    let all = [(Direction::Forward, here, there), (Direction::Reversed, there, here)];
    let mut found = Vec::new();
    for (direction, from, to) in all {
        if sends(from) != Some(false) && receives(to) != Some(false) {
            found.push(Stand::Protects(direction));
            if stretched {
                found.push(Stand::Recovered(direction.turned()));
            }
        }
        // The side that was given up may not have been told yet: it still believes that it sends.
        let promoted = match to {
            Some(to) => to == ReplicaRole::FailedOver,
            None => from == Some(ReplicaRole::RemoteFailedOver),
        };
        if promoted && from != Some(ReplicaRole::FailedOver) {
            found.push(Stand::Recovered(direction));
        }
    }
    found.sort_unstable();
    found
}

/// Whether both copies are known to take no writes.
fn is_written_nowhere(sight: &Sight<'_>) -> bool {
    let dark = |leg: Option<&ConsistencyGroup>| leg.is_some_and(|leg| !leg.writable);
    dark(sight.here) && dark(sight.there)
}

/// Whether the run that is under way keeps what an earlier recovery has promoted: it promotes nothing itself.
fn keeps(believed: &PlanState) -> bool {
    believed.run.is_some_and(|run| run.owed_only || run.kind == RunKind::Reprotect)
}

/// Why a recovery of a group does not stand any more: the copy that it promoted was demoted since, so that
/// no VM can write. Only a failover promotes it again. Stretched storage stands still by itself at times.
fn dark(sight: &Sight<'_>, stands: &[Stand]) -> Option<String> {
    let stretched = |leg: &ConsistencyGroup| leg.mode == ReplicationMode::Stretched;
    let recovered = stands.iter().all(|stand| matches!(stand, Stand::Recovered(_)));
    let dark = recovered
        && !stands.is_empty()
        && is_written_nowhere(sight)
        && !sight.here.is_some_and(stretched);
    dark.then(|| {
        format!(
            "group {}: it {} and is written nowhere: something else has demoted it since",
            sight.id,
            words(stands)
        )
    })
}

/// `None`: not known.
fn sends(role: Option<ReplicaRole>) -> Option<bool> {
    role.map(|role| role == ReplicaRole::Source)
}

fn receives(role: Option<ReplicaRole>) -> Option<bool> {
    role.map(|role| matches!(role, ReplicaRole::Target | ReplicaRole::InTest))
}

/// Why a run cannot have led to what was read of a group; `None`: it can, or it has no such group.
///
/// Two things tell: where the group stands, and how often its copies were promoted. A run promotes once
/// at most, so a higher generation is the work of another run of which the journal knows nothing.
fn against(graph: &Graph, sight: &Sight<'_>) -> Option<String> {
    let target = graph.groups.iter().find(|group| group.id == *sight.id)?;
    let forward = graph.site(target.from) == sight.protected;
    let direction = if forward { Direction::Forward } else { Direction::Reversed };
    let (protects, recovered) = (Stand::Protects(direction), Stand::Recovered(direction));
    let turned = Stand::Protects(direction.turned());
    let fitting: &[Stand] = match graph.kind {
        // A live move over storage that only one side writes turns its group.
        RunKind::PlannedMigration if flips(graph, sight.id) => &[protects, recovered, turned],
        RunKind::PlannedMigration | RunKind::Failover => &[protects, recovered],
        RunKind::Reprotect => &[recovered, turned],
        // A test and its cleanup touch no role, and stand beside whatever is there.
        RunKind::Test | RunKind::Cleanup => return None,
    };
    let stands = stands(sight);
    // Between two roles in the middle of a migration a group may stand nowhere.
    let nowhere = stands.is_empty() && graph.kind != RunKind::Reprotect;
    if !nowhere && !stands.iter().any(|stand| fitting.contains(stand)) {
        return Some(format!(
            "group {}: a {} leads to no such place: it {}",
            sight.id,
            graph.kind,
            words(&stands)
        ));
    }
    if graph.kind == RunKind::Reprotect && stands.contains(&fitting[1]) && is_written_nowhere(sight)
    {
        return Some(format!(
            "group {}: it is turned already and written nowhere, which no reprotect does: something else \
             has demoted it since",
            sight.id
        ));
    }
    let legs = if forward { [sight.here, sight.there] } else { [sight.there, sight.here] };
    // A promotion goes above both legs. A run promotes once, or once more where it undoes that; a reprotect
    // may raise it again when it turns the direction, and a live move that turns its group there and back.
    let more = match graph.kind {
        RunKind::PlannedMigration if flips(graph, sight.id) => 3,
        RunKind::Reprotect => 2,
        _ => 1,
    };
    let most = target.highest_generation().saturating_add(more);
    let (leg, site) = legs
        .into_iter()
        .zip([target.from, target.to])
        .find_map(|(leg, site)| Some((leg.filter(|leg| leg.generation > most)?, site)))?;
    Some(format!(
        "group {}: its copy at {} is of generation {}, and this {} makes it {most} at most",
        sight.id,
        graph.site(site),
        leg.generation,
        graph.kind
    ))
}

/// Whether a run moves a VM live that has this group, so that the group changes its direction on the way.
fn flips(graph: &Graph, id: &ConsistencyGroupId) -> bool {
    let on = |ix: &GroupIx| graph.groups[ix.0 as usize].id == *id;
    graph.vms.iter().any(|vm| vm.method.is_live() && vm.storage.iter().any(on))
}

fn words(stands: &[Stand]) -> String {
    match stands {
        [] => String::from("is between two states"),
        many => many.iter().map(Stand::to_string).collect::<Vec<_>>().join(", or "),
    }
}

fn differs(sight: &Sight<'_>, stands: &[Stand], expected: Stand) -> String {
    format!(
        "group {}: the database says that it {expected}; the storage says that it {}",
        sight.id,
        words(stands)
    )
}

/// The state for where the storage stands.
fn standing(believed: &PlanState, stand: Stand) -> PlanState {
    let phase = match stand {
        Stand::Protects(_) => Phase::Idle,
        Stand::Recovered(_) => Phase::Recovered,
    };
    let direction = stand.direction();
    PlanState { direction, phase, run: None, conditions: conditions(believed, stand) }
}

/// The groups fit no common state: as after a failover that stopped in the middle. Its direction is the
/// one in which each group either waits or has gone already, where there is one.
fn torn(believed: &PlanState, seen: &[(&Sight<'_>, Vec<Stand>)]) -> PlanState {
    let run = ActiveRun {
        kind: RunKind::Failover,
        owed_only: false,
        going: Going::Halted,
        began: Began::AtRest,
        stale: false,
    };
    let goes = |direction: &Direction| {
        let (waits, gone) = (Stand::Protects(*direction), Stand::Recovered(*direction));
        seen.iter().all(|(_, stands)| stands.contains(&waits) || stands.contains(&gone))
    };
    let ways = [believed.direction, believed.direction.turned()];
    let direction = ways.into_iter().find(goes).unwrap_or(believed.direction);
    let conditions = conditions(believed, Stand::Protects(direction));
    PlanState { direction, phase: Phase::FailingOver, run: Some(run), conditions }
}

/// What is left over of a test stays noted: clearing it away where nothing is there does no harm. What is
/// owed belongs to one recovery: it stays noted where that one stands.
fn conditions(believed: &PlanState, stand: Stand) -> Conditions {
    let held = matches!(believed.phase, Phase::Testing | Phase::TestHeld | Phase::Cleaning);
    let leftovers = believed.may_have_leftovers() || held;
    let mut conditions = believed.conditions.clone();
    conditions.blocked.clear();
    if stand != Stand::Recovered(believed.direction) {
        conditions.owed.clear();
    }
    Conditions { leftovers, unverified: true, ..conditions }
}
