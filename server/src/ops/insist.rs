//! What a start insists on before anything is compiled or stored.

use muster_plans::compile;
use muster_plans::document::PlanSpec;
use muster_plans::graph::Graph;
use muster_plans::id::PlanName;

use super::{Asker, Refused, Standing, Wanted, compile_now, points};
use crate::api::dto::{StartKind, StartRun};
use crate::app::App;
use crate::auth::Privilege;
use crate::http::Code;
use crate::landscape::Landscape;

/// Giving one's word is a right of its own, also where it comes with the start.
pub(super) fn may_attest(asker: &Asker, wish: &StartRun) -> Result<(), Refused> {
    if wish.attest.is_none() || asker.privileges.has(Privilege::RunAttest) {
        return Ok(());
    }
    Err(Refused::new(
        Code::NotAllowed,
        format!("`{}` may not attest: it takes {}", asker.by, Privilege::RunAttest),
        "start it without attest, or let somebody who may attest do it",
    ))
}

/// The digest under which people read the graph before it was started. A test carries the mark of
/// its run, which nobody can know before.
pub(super) async fn readable_digest(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
    wanted: &Wanted,
    digest: &str,
) -> Result<String, Refused> {
    if wanted.kind != StartKind::Test {
        return Ok(digest.to_owned());
    }
    let read = Wanted { tag: Wanted::of(wanted.kind).tag, ..wanted.clone() };
    Ok(compile::digest(&compile_now(app, landscape, plan, standing, &read).await?.graph))
}

/// Another graph than the one that was read is not started.
pub(super) fn as_expected(wish: &StartRun, digest: &str) -> Result<(), Refused> {
    match &wish.expected_digest {
        Some(expected) if expected != digest => Err(Refused::new(
            Code::DigestDiffers,
            format!("the graph {expected} was expected; what would be started now is {digest}"),
            "read the graph again, and start with its digest; nothing was started",
        )),
        _ => Ok(()),
    }
}

/// A recovery point that is older than the objective, or of unknown age, must be accepted by name.
pub(super) fn honest_points(
    landscape: &Landscape,
    graph: &Graph,
    spec: &PlanSpec,
    wish: &StartRun,
) -> Result<(), Refused> {
    let Some(rpo) = spec.objectives.rpo else { return Ok(()) };
    let old: Vec<String> = points::of_graph(landscape, graph, Some(rpo))
        .into_iter()
        .filter(|point| !point.within_rpo)
        .map(|point| match point.age_ms {
            Some(age) => format!("{} is {} old", point.group, muster_plans::time::Span(age)),
            None => format!("the age of {} is not known", point.group),
        })
        .collect();
    if old.is_empty() || wish.accept_data_loss {
        return Ok(());
    }
    Err(Refused::new(
        Code::RpoExceeded,
        format!("the plan's RPO is {rpo}, but {}", old.join(", ")),
        "say that you accept the loss (acceptDataLoss, --accept-data-loss), or choose another point",
    ))
}
