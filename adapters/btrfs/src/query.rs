//! What is seen of groups and clones.

use muster_contract::{
    AdapterError, CloneState, ErrorClass, GroupState, Observation, Observed, Query, WitnessState,
};
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, RunTag};
use muster_plans::inventory::{RecoveryPoint, ReplicaRole};

use crate::error::Error;
use crate::layout::Layout;
use crate::store::{Btrfs, Group};
use crate::{btrfs, file};
use muster_adapter_pair::point;
use muster_adapter_pair::{CloneFile, Leg};

impl Btrfs {
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
            in_sync: leg.in_sync(&look.points),
            lag: leg.lag(&look.points, self.now()),
            generation: leg.generation,
            preferred: None,
            mounted: self.mounted(group),
            points: recoverable(&leg, &look.points),
            promoted_point: leg.promoted.clone(),
        })
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
        let Some(clone) = file::read::<CloneFile>(&self.layout.clone_file(name)?)? else {
            return Ok(None);
        };
        let there = clone.group == *group && btrfs::is_subvolume(&self.layout.clone(name)?);
        let mounted = file::linked(&self.layout.shown_clone(name)?);
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
    for name in file::names(&layout.folder("state/clones"))? {
        let Some(name) = name.strip_suffix(".json").filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if let Some(clone) = file::read(&layout.clone_file(name)?)? {
            clones.push((name.to_owned(), clone));
        }
    }
    Ok(clones)
}

/// A source is not recovered to a point; it is what points are made of.
pub(crate) fn recoverable(leg: &Leg, points: &[RecoveryPointId]) -> Vec<RecoveryPoint> {
    match leg.role {
        ReplicaRole::Source => Vec::new(),
        _ => points.iter().filter_map(point::described).collect(),
    }
}
