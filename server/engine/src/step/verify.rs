//! Proofs at the end of a run.

use muster_contract::Query;
use muster_plans::graph::{Graph, GroupTarget, SiteIx, Step, VerifyKind};
use muster_plans::inventory::ReplicationMode;

use super::{Wanted, Work, ask, look};

pub(super) fn work(graph: &Graph, step: &Step, kind: VerifyKind) -> Option<Work> {
    match kind {
        VerifyKind::NothingLeft => {
            let tag = graph.tag.clone()?;
            Some(look(graph, step.site, Query::Leftovers(tag), Wanted::NothingLeft))
        }
        VerifyKind::OneWriter(group) => Some(one_writer(graph, &graph.groups[group.0 as usize])),
    }
}

/// The writer's own leg must accept writes. The other leg must not, unless the group is stretched and
/// in sync; it is asked only where that cannot be the failed site of a forced run.
fn one_writer(graph: &Graph, group: &GroupTarget) -> Work {
    let query = Query::Group(group.id.clone());
    let stretched = group.mode == ReplicationMode::Stretched;
    let mut work = look(graph, group.to, query.clone(), Wanted::Writer);
    if let Some(other) = other_leg(graph, group)
        && !graph.forced
    {
        let other = ask(graph, other, query, Wanted::NoSecondWriter { stretched });
        work.proof.also = Some(Box::new(other));
    }
    work
}

fn other_leg(graph: &Graph, group: &GroupTarget) -> Option<SiteIx> {
    if group.from != group.to {
        return Some(group.from);
    }
    let mut others = (0..graph.sites.len() as u8).map(SiteIx).filter(|site| *site != group.to);
    others.next().filter(|_| others.next().is_none())
}
