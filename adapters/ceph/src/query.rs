//! What is seen of groups and clones.

use muster_contract::{
    AdapterError, CloneState, ErrorClass, GroupState, Observation, Observed, Query,
};
use muster_plans::id::{ConsistencyGroupId, RunTag};
use muster_plans::inventory::{Consistency, RecoveryPoint, ReplicaRole};
use muster_plans::time::Span;

use crate::decide::pair::{Standing, point_id};
use crate::decide::stretch::Sight;
use crate::error::{Error, Stop};
use crate::look::{FRESH, Indexed};
use crate::state::CloneFile;
use crate::store::Ceph;

impl Ceph {
    pub(crate) async fn observe(&self, query: &Query) -> Result<Observed, AdapterError> {
        // The older end: what is read while the cluster answers is at least as new.
        let as_of = self.now();
        let state = match query {
            Query::Group(id) => Observation::Group(match self.members(id, FRESH).await {
                Ok(members) => Some(self.group_state(id, &members).await?),
                Err(Stop::Refused(reason)) if reason.class == ErrorClass::NotFound => None,
                Err(stop) => return Err(stopped(stop)),
            }),
            Query::Clone { group, clone } => Observation::Clone(self.clone_state(group, clone)?),
            Query::Witness(site) => Observation::Witness(self.witness_state(site).await?),
            Query::Leftovers(tag) => Observation::Leftovers(self.leftovers(tag)?),
            _ => {
                let message = "storage does not answer this";
                return Err(AdapterError::new(ErrorClass::Unsupported, message));
            }
        };
        Ok(Observed { as_of, pending: Vec::new(), state })
    }

    pub(crate) async fn group_state(
        &self,
        id: &ConsistencyGroupId,
        members: &[Indexed],
    ) -> Result<GroupState, AdapterError> {
        let local = self.local(id)?;
        if self.config.is_stretched() {
            let sight = self.stretch(id).await.map_err(stopped)?;
            return self.stretch_state(&sight, local.mounted);
        }
        let standing = self.pair(id, members).await.map_err(stopped)?.standing();
        let role = self.in_test(id, standing.role)?;
        let mounted = self.mounted(local.mounted, standing.writable);
        let state = of_standing(id, role, standing);
        Ok(GroupState { mounted, promoted_point: local.promoted, ..state })
    }

    pub(crate) fn stretch_state(
        &self,
        sight: &Sight,
        mounted: Option<bool>,
    ) -> Result<GroupState, AdapterError> {
        let own = sight.own()?;
        let (writable, in_sync) = (sight.serves(), sight.in_sync());
        // There is one set of images: what is here is of now.
        let taken_at = self.now();
        let point =
            RecoveryPoint { id: point_id(taken_at), taken_at, consistency: Consistency::Crash };
        Ok(GroupState {
            id: sight.group.clone(),
            role: self.in_test(&sight.group, own.role)?,
            writable,
            drained: sight.drained(),
            in_sync,
            lag: in_sync.then_some(Span::ZERO),
            generation: own.generation,
            preferred: Some(sight.shared.preferred.clone()),
            mounted: self.mounted(mounted, writable),
            points: vec![point],
            promoted_point: None,
        })
    }

    /// A replica of which there are clones is in test.
    pub(crate) fn in_test(
        &self,
        id: &ConsistencyGroupId,
        role: ReplicaRole,
    ) -> Result<ReplicaRole, Error> {
        let tested = role == ReplicaRole::Target
            && !self.config.is_stretched()
            && self.clones()?.iter().any(|(_, clone)| clone.group == *id);
        Ok(if tested { ReplicaRole::InTest } else { role })
    }

    fn clone_state(
        &self,
        group: &ConsistencyGroupId,
        name: &str,
    ) -> Result<Option<CloneState>, Error> {
        let there = |clone: &CloneFile| clone.group == *group && clone.whole;
        let clone = self.clone_file(name)?.filter(there);
        Ok(clone.map(|clone| CloneState { mounted: clone.mounted, tag: clone.tag }))
    }

    /// Also those of which only a part was made, so that cleaning up takes that as well.
    fn leftovers(&self, tag: &RunTag) -> Result<Vec<String>, Error> {
        let own = self.clones()?.into_iter().filter(|(_, clone)| clone.tag == *tag);
        Ok(own.map(|(name, _)| format!("clone/{name}")).collect())
    }
}

pub(crate) fn stopped(stop: Stop) -> AdapterError {
    match stop {
        Stop::Refused(reason) => reason.into(),
        Stop::Unknown(hint) => AdapterError::new(ErrorClass::Retry, hint.message),
    }
}

pub(crate) fn of_standing(
    id: &ConsistencyGroupId,
    role: ReplicaRole,
    standing: Standing,
) -> GroupState {
    GroupState {
        id: id.clone(),
        role,
        writable: standing.writable,
        drained: standing.drained,
        in_sync: standing.in_sync,
        lag: standing.lag,
        generation: standing.generation,
        preferred: None,
        mounted: standing.writable,
        points: standing.points,
        promoted_point: None,
    }
}
