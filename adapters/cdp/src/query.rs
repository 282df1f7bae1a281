//! What is seen of groups and clones.

use muster_adapter_pair::{CloneFile, Leg, point};
use muster_contract::{
    AdapterError, CloneState, ErrorClass, GroupState, Observation, Observed, Query, WitnessState,
};
use muster_plans::id::{ConsistencyGroupId, RunTag};
use muster_plans::inventory::{Consistency, RecoveryPoint, ReplicaRole};
use muster_plans::time::{Span, Time};

use crate::disk;
use crate::error::Error;
use crate::layout::Layout;
use crate::store::{Cdp, Group, Look};

/// The point that a mirror is: data as it is now.
pub(crate) const CURRENT: &str = "current";

/// For how long the last look at a mirror counts.
const HOLDS: Span = Span::secs(5);

impl Cdp {
    pub(crate) async fn observe(&self, query: &Query) -> Result<Observed, AdapterError> {
        let as_of = self.now();
        let state = match query {
            Query::Group(id) => Observation::Group(match self.find(id) {
                Some(group) => Some(self.group_state(&group).await?),
                None => None,
            }),
            Query::Clone { group, clone } => Observation::Clone(self.clone_state(group, clone)?),
            Query::Witness(_) => {
                Observation::Witness(WitnessState { witness: None, sight: None, last_seen: None })
            }
            Query::Leftovers(tag) => Observation::Leftovers(self.leftovers(tag)?),
            _ => {
                let message = "storage does not answer this";
                return Err(AdapterError::new(ErrorClass::Unsupported, message));
            }
        };
        Ok(Observed { as_of, pending: Vec::new(), state })
    }

    pub(crate) async fn group_state(&self, group: &Group) -> Result<GroupState, Error> {
        let leg = group.leg.lock().await;
        let look = self.look(&group.id).await?;
        Ok(GroupState {
            id: group.id.clone(),
            role: self.role(&group.id, &leg)?,
            writable: self.lets_write(group, &leg),
            drained: leg.drained(),
            in_sync: leg.in_sync(&look.points) || self.mirror_holds(group, &leg, &look).await,
            lag: self.lag(group, &leg, &look).await,
            generation: leg.generation,
            preferred: None,
            mounted: self.mounted(group),
            points: recoverable(&leg, &look, self.now()),
            promoted_point: leg.promoted.clone(),
        })
    }

    /// Whether every write is at both sites, as far as this one can know now.
    pub(crate) async fn mirror_holds(&self, group: &Group, leg: &Leg, look: &Look) -> bool {
        match leg.role {
            ReplicaRole::Source => {
                let held = group.mirrored();
                leg.open && held.is_some_and(|at| self.now().since(at) <= HOLDS)
            }
            ReplicaRole::Target => {
                look.mirror.as_ref().is_some_and(|word| word.in_sync(self.now()))
            }
            _ => false,
        }
    }

    /// How far the replica is behind: not at all while a mirror holds, and since its last word after that.
    pub(crate) async fn lag(&self, group: &Group, leg: &Leg, look: &Look) -> Option<Span> {
        if self.mirror_holds(group, leg, look).await {
            return Some(Span::ZERO);
        }
        let points = leg.lag(&look.points, self.now());
        let mirror = match leg.role {
            ReplicaRole::Source => group.was_mirrored(),
            ReplicaRole::Target => look.mirror.as_ref().and_then(|word| word.at),
            _ => None,
        };
        let mirror = mirror.map(|at| self.now().since(at));
        points.into_iter().chain(mirror).min()
    }

    /// A replica of which there are clones is in test.
    pub(crate) fn role(&self, id: &ConsistencyGroupId, leg: &Leg) -> Result<ReplicaRole, Error> {
        let tested = leg.role == ReplicaRole::Target
            && self.clones()?.iter().any(|(_, clone)| clone.group == *id);
        Ok(if tested { ReplicaRole::InTest } else { leg.role })
    }

    fn clones(&self) -> Result<Vec<(String, CloneFile)>, Error> {
        clones(&self.layout)
    }

    fn clone_state(
        &self,
        group: &ConsistencyGroupId,
        name: &str,
    ) -> Result<Option<CloneState>, Error> {
        let Some(clone) = disk::read::<CloneFile>(&self.layout.clone_file(name)?)? else {
            return Ok(None);
        };
        let there = clone.group == *group && self.layout.clone(name)?.is_dir();
        let mounted = disk::linked(&self.layout.shown_clone(name)?);
        Ok(there.then_some(CloneState { mounted, tag: clone.tag }))
    }

    /// Also those of which only the note is left, so that cleaning up takes that as well.
    fn leftovers(&self, tag: &RunTag) -> Result<Vec<String>, Error> {
        let own = self.clones()?.into_iter().filter(|(_, clone)| clone.tag == *tag);
        Ok(own.map(|(name, _)| format!("clone/{name}")).collect())
    }
}

fn clones(layout: &Layout) -> Result<Vec<(String, CloneFile)>, Error> {
    let mut clones = Vec::new();
    for name in disk::names(&layout.folder("state/clones"))? {
        let Some(name) = name.strip_suffix(".json").filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if let Some(clone) = disk::read(&layout.clone_file(name)?)? {
            clones.push((name.to_owned(), clone));
        }
    }
    Ok(clones)
}

/// A source is not recovered to a point; it is what points are made of.
pub(crate) fn recoverable(leg: &Leg, look: &Look, now: Time) -> Vec<RecoveryPoint> {
    if leg.role == ReplicaRole::Source {
        return Vec::new();
    }
    let mirror = look.mirror.as_ref().and_then(|word| {
        let taken_at = if word.in_sync(now) { now } else { word.at? };
        let (id, consistency) = (CURRENT.into(), Consistency::Crash);
        word.at.map(|_| RecoveryPoint { id, taken_at, consistency })
    });
    let points = look.points.iter().filter_map(point::described);
    mirror.into_iter().chain(points).collect()
}
