//! ATK-23 and 36: what a replica says of itself, and when it does not become a writer.

use std::collections::BTreeMap;

use muster_plans::inventory::{ConsistencyGroup, ReplicaRole};

use super::bench::Bench;
use super::{Finding, Stop, ensure, failed};
use crate::capability::OperationKind;
use crate::context::{Mode, OpContext};
use crate::error::ErrorClass;
use crate::observed::{GroupState, Observation};
use crate::operation::{Operation, StorageOp};
use crate::query::Query;

/// Groups whose source is at the peer.
fn received<'a>(bench: &'a Bench<'_>) -> impl Iterator<Item = &'a ConsistencyGroup> {
    let groups = bench.inventory.groups.iter();
    groups.filter(|group| group.role == ReplicaRole::Target && !group.writable)
}

impl Bench<'_> {
    /// A leg here.
    pub(super) async fn leg(
        &self,
        group: &muster_plans::id::ConsistencyGroupId,
    ) -> Result<GroupState, Stop> {
        match self.look(&Query::Group(group.clone())).await?.state {
            Observation::Group(Some(leg)) => Ok(leg),
            other => Err(failed(format!("asked for the group {group}, it answers {other:?}"))),
        }
    }
}

/// Asked as a dry run, so that an agent that fails the case does no harm. That fence evidence opens
/// the way is shown by ATK-22, where a group may really be failed over.
pub(super) async fn guarded(bench: &Bench<'_>) -> Finding {
    if !bench.capabilities.operations.contains_key(&OperationKind::Promote) {
        return Err(Stop::NotApplicable("the operation `promote` is not declared".to_owned()));
    }
    let groups: Vec<_> = received(bench).map(|group| group.id.clone()).collect();
    for group in groups.iter().take(5) {
        let op = Operation::Storage(StorageOp::Promote {
            group: group.clone(),
            point: None,
            forced: false,
            above: 0,
        });
        let ctx = OpContext { dry_run: true, mode: Mode::Planned, run_tag: None, ..bench.ctx() };
        let reason = bench.refused(&ctx, &op).await?;
        ensure(reason.class == ErrorClass::Precondition, || {
            format!("its class is {:?}, not precondition: {}", reason.class, reason.message)
        })?;
    }
    if groups.is_empty() {
        return Err(Stop::NotApplicable("no group is received at this site".to_owned()));
    }
    Ok(format!("{} groups", groups.len().min(5)))
}

pub(super) async fn listed(bench: &Bench<'_>) -> Finding {
    let (mut points, mut groups) = (0, 0);
    for group in received(bench) {
        let seen = bench.look(&Query::Group(group.id.clone())).await?;
        let Observation::Group(Some(leg)) = seen.state else {
            return Err(failed(format!("asked for the group {}: {:?}", group.id, seen.state)));
        };
        let id = &group.id;
        let newest_first = leg.points.is_sorted_by(|one, next| one.taken_at >= next.taken_at);
        ensure(newest_first, || format!("the points of {id} are not newest first"))?;
        let ids: BTreeMap<_, _> = leg.points.iter().map(|p| (&p.id, p.taken_at)).collect();
        ensure(ids.len() == leg.points.len(), || format!("two points of {id} have one id"))?;
        if let Some(point) = leg.points.iter().find(|point| point.taken_at > seen.as_of) {
            return Err(failed(format!("{} of {id} was taken after it was seen", point.id)));
        }
        // A point that is still on its way is no point: a second look sees the same ones as they
        // were, and new ones before them.
        let again = bench.leg(id).await?;
        let changed = again
            .points
            .iter()
            .find(|point| ids.get(&point.id).is_some_and(|taken_at| *taken_at != point.taken_at));
        ensure(changed.is_none(), || format!("a point of {id} changed its instant"))?;
        points += leg.points.len();
        groups += usize::from(!leg.points.is_empty());
    }
    if points == 0 {
        return Err(Stop::NotApplicable("no group that is received has a point".to_owned()));
    }
    Ok(format!("{points} points of {groups} groups"))
}
