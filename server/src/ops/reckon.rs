//! After a restore: the plans of the database, set against what the sites hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_engine::{By, Ending, StartError};
use muster_plans::graph::Graph;
use muster_plans::id::{ConsistencyGroupId, PlanName, RunId};
use muster_plans::state::{Going, Phase, PlanState, Reckoning, Sight, reckon, sights};
use muster_store::Finish;

use super::{Asker, Refused, Standing, all_standings, load, standing_of};
use crate::api::dto::ContradictionDto;
use crate::app::App;
use crate::http::Code;
use crate::landscape::Landscape;

/// A plan whose state in the database is not what its storage says.
#[derive(Debug)]
pub(super) struct Contradiction {
    plan: PlanName,
    standing: Standing,
    reckoning: Reckoning,
}

impl Contradiction {
    pub(super) fn dto(&self) -> ContradictionDto {
        let gives_up = self.standing.active.filter(|_| self.reckoning.gives_up);
        let then = self.reckoning.state.as_ref().map_or(String::new(), |state| {
            let place = place(state);
            match gives_up {
                Some(run) => format!("run {run} is given up; the plan is then: {place}"),
                None => format!("the plan is then: {place}"),
            }
        });
        ContradictionDto {
            plan: self.plan.to_string(),
            run: gives_up.map(|run| run.to_string()),
            says: self.reckoning.contradictions.clone(),
            then,
        }
    }
}

/// Where a plan stands, in words.
fn place(state: &PlanState) -> String {
    let way = if state.is_reversed() { "reversed" } else { "as its documents say" };
    match state.phase {
        Phase::Idle => format!("at rest, direction {way}"),
        Phase::Recovered => format!("recovered, direction {way}"),
        _ => format!("half-way through a failover, direction {way}: start the failover again"),
    }
}

/// All contradictions, as far as sites answer now.
///
/// # Errors
/// Where the store does not answer.
pub(super) async fn contradictions(app: &App) -> Result<Vec<Contradiction>, Refused> {
    let landscape = app.current.get();
    let standings = all_standings(app).await?;
    let mut all = Vec::new();
    for plan in landscape.config.plans.keys() {
        let standing = standings.get(plan).cloned().unwrap_or_default();
        let run = match standing.active {
            Some(run) => Some(load::row(app, run).await?.1),
            None => None,
        };
        all.push((plan.clone(), standing, run));
    }
    // First those with a run: what it has moved so far is its affair, also for plans that share a group.
    all.sort_by_key(|(_, _, run)| run.is_none());
    let mut taken: BTreeSet<ConsistencyGroupId> = BTreeSet::new();
    let mut found = Vec::new();
    for (plan, standing, run) in all {
        let sights = of_plan(&landscape, &plan, &taken);
        let reckoning = reckon(&standing.state, run.as_deref(), &sights);
        if let Some(graph) = run.filter(|_| !reckoning.gives_up) {
            taken.extend(graph.groups.iter().map(|group| group.id.clone()));
        }
        if reckoning.state.is_some() {
            found.push(Contradiction { plan, standing, reckoning });
        }
    }
    Ok(found)
}

/// The groups of a plan at the sites that answer, but for some.
fn of_plan<'a>(
    landscape: &'a Landscape,
    plan: &PlanName,
    but: &BTreeSet<ConsistencyGroupId>,
) -> Vec<Sight<'a>> {
    let groups = landscape.config.plans.get(plan).map(|plan| plan.spec.protection_groups.iter());
    let groups = groups.into_iter().flatten();
    let derived = groups.filter_map(|name| landscape.derivation.groups.get(name));
    let mut sights = sights(&landscape.inventory, derived, |site| landscape.answers(site));
    sights.retain(|sight| !but.contains(sight.id));
    sights
}

/// Lets the storage be right: runs that cannot have led there are given up, and the plans' states are
/// those of the storage. Doing it again does what is left of it.
///
/// # Errors
/// Where the store does not answer.
pub(super) async fn settle(
    app: &Arc<App>,
    asker: &Asker,
    reason: &str,
    found: &[Contradiction],
) -> Result<(), Refused> {
    for Contradiction { plan, reckoning, .. } in found {
        let standing = standing_of(app, plan).await?;
        let Some(state) = reckoning.state.clone() else { continue };
        let given_up = standing.active.filter(|_| reckoning.gives_up);
        let halted = state.run.is_some_and(|run| run.going == Going::Halted);
        tracing::warn!(
            plan.name = %plan, run.id = ?given_up, plan.half_way = halted,
            "the database and the storage contradict each other; the storage is right"
        );
        let next = Standing { state, active: None, commit_at: None, ..standing };
        let detail = serde_json::json!({
            "contradictions": reckoning.contradictions, "state": next.state, "reason": reason,
            "run": given_up.map(|run| run.to_string()),
        });
        let audit = asker.audit(app.now(), "plan.rebuild", format!("plan/{plan}"), detail);
        match given_up {
            Some(run) => give_up(app, asker, reason, run, (plan, &next), audit).await?,
            None => {
                app.store.plan_states().put_audited(&next.change(plan), vec![audit]).await?;
            }
        }
    }
    Ok(())
}

async fn give_up(
    app: &Arc<App>,
    asker: &Asker,
    reason: &str,
    run: RunId,
    (plan, next): (&PlanName, &Standing),
    audit: muster_store::AuditEntry,
) -> Result<(), Refused> {
    let (row, graph) = load::row(app, run).await?;
    if row.ending.is_some() {
        // It has halted and nobody may take it up, until it is open again for this one record.
        app.store.runs().reopen(run, "halted", None, Vec::new()).await?;
    }
    write_off(app, run, &graph, asker, reason).await?;
    let end = Finish {
        run,
        ending: Ending::Abandoned,
        at: app.now(),
        state: "abandoned".to_owned(),
        summary: row.summary,
        release_groups: true,
        plan_state: Some(next.change(plan)),
        chain: None,
        audit: vec![audit],
    };
    Ok(app.store.runs().finish(end).await?)
}

async fn write_off(
    app: &App,
    run: RunId,
    graph: &Arc<Graph>,
    asker: &Asker,
    reason: &str,
) -> Result<(), Refused> {
    let reason = format!("the sites hold what this run cannot have led to; released: {reason}");
    match app.engine.abandon(run, graph, By(asker.by.clone()), reason).await {
        // Never opened, or at its end although nobody had taken it in: nothing is to be written.
        Ok(()) | Err(StartError::Empty | StartError::Over(_)) => Ok(()),
        Err(error) => Err(Refused::new(
            Code::NotAllowedNow,
            format!("run {run} cannot be given up: {error}"),
            "release the server again; what is done already is not done twice",
        )),
    }
}
