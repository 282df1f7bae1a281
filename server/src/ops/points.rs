//! Recovery points: captured from the target before anybody confirms, never optimistic.

use std::collections::BTreeMap;

use muster_plans::graph::Graph;
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId};
use muster_plans::inventory::ReplicationMode;
use muster_plans::time::Span;

use super::compile::seen_at;
use crate::api::dto::GroupPointDto;
use crate::http::Code;
use crate::landscape::Landscape;
use crate::ops::Refused;
use crate::view::word;

/// The points that a failover takes, as its graph has them, with what else could be chosen.
pub fn of_graph(landscape: &Landscape, graph: &Graph, rpo: Option<Span>) -> Vec<GroupPointDto> {
    graph
        .groups
        .iter()
        .map(|group| {
            let leg = landscape
                .inventory
                .sites
                .get(graph.site(group.to))
                .and_then(|site| site.groups.iter().find(|leg| leg.id == group.id));
            let in_step = matches!(group.mode, ReplicationMode::Stretched | ReplicationMode::Sync)
                && leg.is_some_and(|leg| leg.in_sync);
            // A graph may have been compiled a while ago; a point's age is that of this moment.
            let now = |taken| seen_at(landscape).since(taken);
            let age = group.point_time.map(now).or(group.point_age);
            let age = if in_step { Some(Span::ZERO) } else { age };
            GroupPointDto {
                group: group.id.to_string(),
                mode: word(&group.mode),
                point: group.point.as_ref().map(ToString::to_string),
                age_ms: age.map(|age| age.0),
                within_rpo: rpo.is_none_or(|rpo| age.is_some_and(|age| age <= rpo)),
                choices: leg
                    .map(|leg| leg.points.iter().map(|p| p.id.to_string()).collect())
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// Finds the consistency group of a point that a person chose.
///
/// # Errors
/// Where no group has such a point.
pub(super) fn choose(
    landscape: &Landscape,
    id: &str,
) -> Result<BTreeMap<ConsistencyGroupId, RecoveryPointId>, Refused> {
    for site in landscape.inventory.sites.values() {
        for leg in &site.groups {
            if let Some(point) = leg.points.iter().find(|point| point.id.as_str() == id) {
                return Ok(BTreeMap::from([(leg.id.clone(), point.id.clone())]));
            }
        }
    }
    Err(Refused::new(
        Code::NoRecoveryPoint,
        format!("no consistency group has the recovery point `{id}`"),
        "choose one of those that the plan's readiness lists",
    ))
}
