//! Recovery plans.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_web::Nav;
use muster_web::page::{PlanLine, Plans};

use super::chrome::{self, At};
use super::verdict::{self, Tests, Verdict};
use super::{render, words};
use crate::api::TheApp;
use crate::http::{Problem, Who};

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let landscape = app.current.get();
    let mut plans = Vec::new();
    for name in landscape.config.plans.keys() {
        if let Some(verdict) = verdict::of(&app, &landscape, name).await? {
            plans.push(line(verdict, verdict::tests(&app, name).await?));
        }
    }
    let chrome = chrome::of(&app, Some(&who), Nav::Plans, "Recovery plans", &at).await;
    Ok(render(&Plans { chrome, plans }))
}

fn line(verdict: Verdict, tests: Tests) -> PlanLine {
    let rto_ms = verdict.rto_ms();
    let Verdict { plan, readiness, findings, rpo_ms, .. } = verdict;
    PlanLine {
        name: plan.name,
        description: plan.description.unwrap_or_default(),
        from: plan.from.join(", "),
        to: plan.to,
        groups: plan.groups,
        vms: words::number(plan.vms),
        readiness,
        finding: findings.into_iter().next(),
        rto_ms: (rto_ms, plan.rto_ms),
        rpo_ms: (rpo_ms, plan.rpo_ms),
        tested: tests.last,
        may_test: plan.actions.iter().any(|action| action.kind == "test" && action.allowed),
        srm: plan.srm_status,
    }
}
