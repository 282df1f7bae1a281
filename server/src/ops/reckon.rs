//! The plans of the database, set against what the sites hold: after a restore all of them, and at any
//! time one that somebody asks for.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_engine::{By, Ending, StartError};
use muster_plans::graph::Graph;
use muster_plans::group::DerivedGroup;
use muster_plans::id::{ConsistencyGroupId, PlanName, RunId, SiteName};
use muster_plans::state::{
    Direction, Going, Phase, PlanState, Reckoning, Sight, moved_back, reckon, sights,
};
use muster_store::Finish;

use super::compile::no_plan;
use super::control::needs_reason;
use super::{
    Asker, Refused, Standing, all_standings, fences, load, not_on_hold, on_hold, standing_of,
};
use crate::api::dto::{ContradictionDto, RebuildRequest, RebuiltDto};
use crate::app::App;
use crate::http::Code;
use crate::landscape::Landscape;
use crate::tasks::inventory;

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
    contradictions_in(app, &app.current.get()).await
}

/// The same in a landscape that somebody has looked at already.
///
/// # Errors
/// Where the store does not answer.
pub(super) async fn contradictions_in(
    app: &App,
    landscape: &Landscape,
) -> Result<Vec<Contradiction>, Refused> {
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
        let under_way = run.as_deref().map(|graph| (graph, standing.state.direction));
        let sights = of_plan(landscape, &plan, under_way, &taken);
        let groups = groups_of(landscape, &plan);
        let back = moved_back(&standing.state, groups, &taken, |site| landscape.answers(site));
        let reckoning = reckon(&standing.state, run.as_deref(), &sights, &back);
        if let Some(graph) = run.filter(|_| !reckoning.gives_up) {
            taken.extend(graph.groups.iter().map(|group| group.id.clone()));
        }
        if reckoning.state.is_some() {
            found.push(Contradiction { plan, standing, reckoning });
        }
    }
    Ok(found)
}

/// The protection groups of a plan.
fn groups_of<'a>(
    landscape: &'a Landscape,
    plan: &PlanName,
) -> impl Iterator<Item = &'a DerivedGroup> {
    let groups = landscape.config.plans.get(plan).map(|plan| plan.spec.protection_groups.iter());
    groups.into_iter().flatten().filter_map(|name| landscape.derivation.groups.get(name))
}

fn sites_of<'a>(
    landscape: &'a Landscape,
    plan: &PlanName,
) -> impl Iterator<Item = &'a SiteName> + use<'a> {
    let sites: BTreeSet<&SiteName> =
        groups_of(landscape, plan).flat_map(|group| [&group.protected, &group.recovery]).collect();
    sites.into_iter()
}

/// The groups of a plan at the sites that answer, but for some.
fn of_plan<'a>(
    landscape: &'a Landscape,
    plan: &PlanName,
    run: Option<(&'a Graph, Direction)>,
    but: &BTreeSet<ConsistencyGroupId>,
) -> Vec<Sight<'a>> {
    let derived = groups_of(landscape, plan);
    let mut sights = sights(&landscape.inventory, derived, run, |site| landscape.answers(site));
    sights.retain(|sight| !but.contains(sight.id));
    sights
}

/// What contradicts a plan's state, for a page. `None` also where that cannot be said: while a run is under
/// way or the server holds, and until a site was read since the last run's end.
///
/// # Errors
/// Where the store does not answer.
pub async fn contradiction_of(
    app: &App,
    plan: &PlanName,
    standing: &Standing,
) -> Result<Option<ContradictionDto>, Refused> {
    if on_hold(app) || standing.state.is_running() {
        return Ok(None);
    }
    let ended = match standing.last.or(standing.active) {
        Some(run) => app.store.runs().get(run).await?.and_then(|run| run.ended_at),
        None => None,
    };
    let landscape = app.current.get();
    let was_read = |site: &&SiteName| {
        let seen = landscape.inventory.sites.get(*site).map(|site| site.observed_at);
        !landscape.answers(site) || seen >= ended
    };
    if !sites_of(&landscape, plan).all(|site| was_read(&site)) {
        return Ok(None);
    }
    match contradictions_in(app, &landscape).await {
        Ok(found) => Ok(found.iter().find(|found| found.plan == *plan).map(Contradiction::dto)),
        Err(refused) => {
            // Another plan's run that nobody can read says nothing of this one.
            tracing::warn!(
                error = refused.detail,
                "whether storage and database agree is not known"
            );
            Ok(None)
        }
    }
}

/// One plan, set against what its sites hold now. A site that was away when a hold was released, or an array
/// that somebody has switched by hand, leaves a plan standing where its storage does not: runs then fail
/// however often they are tried.
///
/// # Errors
/// Where the server holds, no reason is given, there is no such plan, a run of it is under way, or the store
/// does not answer.
pub async fn rebuild(
    app: &Arc<App>,
    asker: &Asker,
    plan: &PlanName,
    request: &RebuildRequest,
) -> Result<RebuiltDto, Refused> {
    not_on_hold(app)?;
    needs_reason(&request.reason)?;
    if !app.current.get().config.plans.contains_key(plan) {
        return Err(no_plan(plan));
    }
    let _one_at_a_time = app.starting.lock().await;
    let standing = standing_of(app, plan).await?;
    if standing.state.is_running() {
        return Err(Refused::new(
            Code::NotAllowedNow,
            format!("a run of plan {plan} is under way"),
            "wait for its end, or cancel it; what it has moved so far is its affair",
        ));
    }
    inventory::round(app).await;
    let landscape = app.current.get();
    let silent: Vec<String> = sites_of(&landscape, plan)
        .filter(|site| !landscape.answers(site))
        .map(|site| site.to_string())
        .collect();
    let mut found = contradictions(app).await?;
    found.retain(|contradiction| contradiction.plan == *plan);
    let contradictions = found.iter().map(Contradiction::dto).collect();
    if !request.dry_run {
        settle(app, asker, &request.reason, &found).await?;
    }
    Ok(RebuiltDto { plan: plan.to_string(), dry_run: request.dry_run, contradictions, silent })
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
    let landscape = app.current.get();
    for Contradiction { plan, reckoning, .. } in found {
        let standing = standing_of(app, plan).await?;
        let Some(state) = reckoning.state.clone() else { continue };
        let given_up = standing.active.filter(|_| reckoning.gives_up);
        let halted = state.run.is_some_and(|run| run.going == Going::Halted);
        tracing::warn!(
            plan.name = %plan, run.id = ?given_up, plan.half_way = halted,
            "the database and the storage contradict each other; the storage is right"
        );
        let next = Standing {
            // Of a recovery that this journal knows nothing of, nobody knows what was left behind it.
            unsettled: state.phase == Phase::Recovered,
            walls: Some(fences::ways(&landscape, plan, state.is_reversed())),
            state,
            active: None,
            commit_at: None,
            ..standing
        };
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
    let reason = format!("the sites hold what this run cannot have led to; given up: {reason}");
    match app.engine.abandon(run, graph, By(asker.by.clone()), reason).await {
        // Never opened, or at its end although nobody had taken it in: nothing is to be written.
        Ok(()) | Err(StartError::Empty | StartError::Over(_)) => Ok(()),
        Err(error) => Err(Refused::new(
            Code::NotAllowedNow,
            format!("run {run} cannot be given up: {error}"),
            "try again; what is done already is not done twice",
        )),
    }
}
