//! Which state of the data a run recovers to, and how old it is.

use crate::compile::Request;
use crate::compile::found::{Found, Names};
use crate::finding::Code;
use crate::graph::GroupTarget;
use crate::inventory::ConsistencyGroup;
use crate::time::{Span, Time};

/// Notes which state of the data the run recovers to, as the target itself reports it.
///
/// Only a point that somebody chose is pinned. Otherwise the newest one is promoted, because a last
/// sync may still succeed and bring more; time and age are those of the newest point now, so that
/// what people confirm is never better than what they get.
pub(super) fn capture(
    request: &Request<'_>,
    target: &mut GroupTarget,
    leg: Option<&ConsistencyGroup>,
    seen: Time,
    found: &mut Found,
) {
    let Some(leg) = leg else { return };
    let chosen = request.points.get(&target.id);
    let point = match chosen {
        Some(id) => leg.points.iter().find(|point| point.id == *id),
        None => leg.points.first(),
    };
    if let (Some(id), None) = (chosen, point) {
        let message = format!("consistency group {} has no recovery point {id}", target.id);
        found.error(
            Code::UnknownRecoveryPoint,
            message,
            "choose one of the points that the group offers now; older ones may have expired",
        );
    }
    target.point = chosen.cloned();
    match point {
        Some(point) => {
            target.point_time = Some(point.taken_at);
            target.point_age = Some(request.now.since(point.taken_at));
        }
        // Without points the replica itself is the newest state: it is as old as the leg says it is
        // behind, plus the time since anybody looked.
        None => target.point_age = leg.lag.map(|lag| lag + request.now.since(seen)),
    }
}

/// Recovery points that are older than what the business asked for, or of unknown age.
pub(crate) fn judge_age(rpo: Option<Span>, groups: &[GroupTarget], found: &mut Found) {
    let Some(rpo) = rpo else { return };
    let old: Vec<&GroupTarget> =
        groups.iter().filter(|group| group.point_age.is_none_or(|age| age > rpo)).collect();
    let Some(worst) = old.iter().max_by_key(|group| group.point_age.unwrap_or(Span(u64::MAX)))
    else {
        return;
    };
    let age =
        worst.point_age.map_or_else(|| "of unknown age".to_owned(), |age| format!("{age} old"));
    let names: Names = old.iter().map(|group| &group.id).collect();
    found.warning(
        Code::RecoveryPointTooOld,
        format!("the objective is {rpo}, but {} is {age}; too old: {names}", worst.id),
        "wait for replication to catch up, or confirm that so much work may be lost",
    );
}
