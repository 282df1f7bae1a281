//! What the end of a run changes: the plan's state, the group locks, the chain.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_engine::{Course, Ending, RunView, owed_sites, plan_event};
use muster_plans::document::CommitPolicy;
use muster_plans::graph::Graph;
use muster_plans::id::{PlanName, RunId, SiteName};
use muster_plans::run::RunKind;
use muster_plans::state::{Event, Phase};
use muster_store::Finish;

use super::load::{self, RunState};
use super::{Asker, Refused, Standing, standing_of};
use crate::app::App;

/// Takes in the end of a run. Doing it twice does it once: a server that was stopped in between does
/// it again at its next start.
///
/// # Errors
/// Where the store does not answer, or where the run has not ended.
pub async fn finish(app: &Arc<App>, id: RunId) -> Result<(), Refused> {
    let _one_at_a_time = app.starting.lock().await;
    let RunState { run, graph, records, state } = load::run(app, id).await?;
    let Course::Ended(ending) = state.course() else { return Ok(()) };
    if run.ending == Some(ending) {
        return Ok(());
    }
    let standing = standing_of(app, &run.plan).await?;
    let view = RunView::of(&state, app.now());
    let owed_steps = &view.owed;
    let owed = owed_sites(&graph, owed_steps);
    let next = commit_window(app, &run.plan, after(&standing, &graph, ending, owed)?)?;
    let at = records.last().map_or_else(|| app.now(), |record| record.at);
    let mut summary = run.summary.clone();
    summary["owed"] = owed_steps.len().into();
    summary["phases"] = crate::view::run::stored_phases(&view);
    let asker = Asker::server("muster");
    let detail = serde_json::json!({"run": id.to_string(), "ending": crate::view::word(&ending)});
    let end = Finish {
        run: id,
        ending,
        at,
        state: crate::view::word(&ending),
        summary,
        release_groups: ending != Ending::Halted,
        plan_state: Some(next.change(&run.plan)),
        chain: None,
        audit: vec![asker.audit(
            at,
            format!("run.end.{}", graph.kind),
            format!("plan/{}", run.plan),
            detail,
        )],
    };
    app.store.runs().finish(end).await?;
    app.look_again.notify_one();
    tracing::info!(run.id = %id, plan.name = %run.plan, run.kind = %graph.kind, run.ending = ?ending, "run ended");
    Ok(())
}

fn after(
    standing: &Standing,
    graph: &Graph,
    ending: Ending,
    owed: BTreeSet<SiteName>,
) -> Result<Standing, Refused> {
    let event = plan_event(graph.kind, ending, owed);
    let mut next = standing.after(&event)?;
    if matches!(event, Event::RunSucceededOwing { .. }) {
        // What is owed is laid from this run's graph, also where it is a planned migration's.
        next.failover = standing.active;
    }
    next.last = standing.active;
    if ending == Ending::Halted {
        return Ok(next);
    }
    next.active = None;
    let good = matches!(ending, Ending::Succeeded | Ending::SucceededWithWarnings);
    next.unsettled &= !(good && graph.kind == RunKind::Reprotect);
    if graph.kind == RunKind::Cleanup && !next.state.may_have_leftovers() {
        next.test = None;
    }
    if !next.state.owes() && graph.owed_only {
        next.failover = None;
    }
    Ok(next)
}

/// Without a commit window a recovery is final at once; with one, until when one can go back.
fn commit_window(app: &App, plan: &PlanName, next: Standing) -> Result<Standing, Refused> {
    if next.state.phase != Phase::CommitHeld {
        return Ok(next);
    }
    let landscape = app.current.get();
    let options = landscape.config.plans.get(plan).and_then(|p| p.spec.on.failover.clone());
    let window = options.as_ref().and_then(|options| options.commit_window);
    match (window, options.map(|options| options.commit)) {
        (None, _) => next.after(&Event::Committed),
        (Some(_), Some(CommitPolicy::Manual)) => Ok(Standing { commit_at: None, ..next }),
        (Some(window), _) => Ok(Standing { commit_at: Some(app.now() + window), ..next }),
    }
}
