//! Starts a run: checks, evidence, points, graph; then everything in one transaction.

use std::sync::Arc;

use muster_engine::{By, Ending, Opening, RunView};
use muster_plans::compile;
use muster_plans::document::PlanSpec;
use muster_plans::graph::Graph;
use muster_plans::id::{PlanName, RunId, RunTag};
use muster_plans::run::RunKind;
use muster_plans::state::Event;
use muster_plans::time::Time;
use muster_store::{ChainChange, CreateRun, Finish, Run};
use uuid::Uuid;

use super::approval::{self, Approved};
use super::compile::no_plan;
use super::insist::{as_expected, honest_points, may_attest, readable_digest};
use super::proof::{Proof, not_seen, proof_for};
use super::{
    Asker, Refused, Standing, Wanted, compile_now, failback, fences, not_on_hold, points,
    standing_of,
};
use crate::api::dto::{StartKind, StartRun};
use crate::app::App;
use crate::http::Code;
use crate::ids;
use crate::landscape::Landscape;
use crate::tasks::inventory;

/// Starts a run and gives its row.
///
/// # Errors
/// Whatever stands against it; nothing has happened then.
pub async fn start(app: &Arc<App>, asker: &Asker, wish: &StartRun) -> Result<Run, Refused> {
    not_on_hold(app)?;
    let plan = PlanName::from(wish.plan.as_str());
    let _one_at_a_time = read_first(app, &plan).await?;
    if wish.kind == StartKind::Failback {
        return failback::begin(app, asker, &plan, wish).await;
    }
    start_one(app, asker, &plan, wish, None).await
}

/// Compiled against what is there now, not against what was there two seconds ago, nor against what a run
/// of this plan has changed while it was read. Sites are read before runs wait for each other: one that is
/// dead takes as long as an answer may take.
pub(super) async fn read_first<'a>(
    app: &'a App,
    plan: &PlanName,
) -> Result<tokio::sync::MutexGuard<'a, ()>, Refused> {
    for _ in 0..3 {
        let before = standing_of(app, plan).await?.version;
        inventory::round(app).await;
        let one_at_a_time = app.starting.lock().await;
        if standing_of(app, plan).await?.version == before {
            return Ok(one_at_a_time);
        }
    }
    let one_at_a_time = app.starting.lock().await;
    inventory::round(app).await;
    Ok(one_at_a_time)
}

/// What moves production, or turns its direction, needs to know what is at both ends: a VM that has moved
/// between what one site says now and what the other one said earlier is registered nowhere, and its
/// storage would be left out.
pub(super) fn both_ends_read(
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
    kind: RunKind,
) -> Result<(), Refused> {
    if !matches!(kind, RunKind::PlannedMigration | RunKind::Reprotect) {
        return Ok(());
    }
    let (from, to) = landscape.sides(plan, standing.state.is_reversed());
    match from.iter().chain(&to).find(|site| !landscape.answers(site)) {
        Some(silent) => Err(not_seen(silent)),
        None => Ok(()),
    }
}

/// Starts one run, alone or as a stage of a chain. The caller holds `app.starting`.
pub(super) async fn start_one(
    app: &Arc<App>,
    asker: &Asker,
    plan: &PlanName,
    wish: &StartRun,
    chain: Option<(Uuid, ChainChange)>,
) -> Result<Run, Refused> {
    not_on_hold(app)?;
    may_attest(asker, wish)?;
    let landscape = app.current.get();
    let spec = spec_of(&landscape, plan)?;
    let standing = standing_of(app, plan).await?;
    let kind = wish.kind.run_kind();
    let owed_only = kind == RunKind::Failover && standing.state.owes();
    not_refused(&standing, plan, kind, owed_only)?;
    both_ends_read(&landscape, plan, &standing, kind)?;
    let needs_evidence = kind == RunKind::Failover && !owed_only;
    let proof = match needs_evidence {
        true => proof_for(app, &landscape, plan, &standing, spec, wish, &asker.by).await?,
        false => Proof::default(),
    };
    let id = ids::run_id();
    // What cannot answer is not asked: every step there would only run into its deadline while the
    // recovery waits. It is owed all the same.
    let forced = wish.forced || (needs_evidence && proof.out_of_reach);
    let tag = Some(RunTag::from(format!("muster-{}", id.0.simple())));
    let wanted = Wanted { tag, ..wanted_by(&landscape, wish, forced)? };
    let graph = compile_now(app, &landscape, plan, &standing, &wanted).await?.graph;
    let digest = compile::digest(&graph);
    let read_as = readable_digest(app, &landscape, plan, &standing, &wanted, &digest).await?;
    as_expected(wish, &read_as)?;
    let mut approved = Approved::default();
    if needs_evidence {
        honest_points(&landscape, &graph, spec, wish)?;
        approved = approval::approved(app, asker, plan, spec, &digest).await?;
    }
    // Last of all: it stops another run where this one needs the fence that it would lift.
    fences::not_crossed(app, plan, &graph).await?;
    let opening = Opening {
        by: By(asker.by.clone()),
        reason: wish.reason.clone(),
        graph_digest: digest,
        evidence: proof.evidence,
        accepts: spec.on.failover.clone().unwrap_or_default().evidence,
    };
    let new = New { id, graph: Arc::new(graph), opening, chain, approved };
    store_and_go(app, asker, plan, &standing, new).await
}

/// The plan's state says whether this may start now.
pub(super) fn not_refused(
    standing: &Standing,
    plan: &PlanName,
    kind: RunKind,
    owed_only: bool,
) -> Result<(), Refused> {
    match standing.state.refusal(kind, owed_only) {
        None => Ok(()),
        Some(refusal) => Err(Refused::new(
            Code::NotAllowedNow,
            refusal.to_string(),
            format!("look at what the plan allows now: muster plan show {plan}"),
        )),
    }
}

/// What somebody wishes, as the compiler is asked for it.
pub(super) fn wanted_by(
    landscape: &Landscape,
    wish: &StartRun,
    forced: bool,
) -> Result<Wanted, Refused> {
    let points = match &wish.recovery_point {
        Some(id) => points::choose(landscape, id)?,
        None => Default::default(),
    };
    Ok(Wanted { forced, live: !wish.no_live, points, ..Wanted::of(wish.kind) })
}

pub(super) fn spec_of<'a>(
    landscape: &'a Landscape,
    plan: &PlanName,
) -> Result<&'a PlanSpec, Refused> {
    landscape.config.plans.get(plan).map(|plan| &plan.spec).ok_or_else(|| no_plan(plan))
}

/// What is stored in one transaction, and then executed.
struct New {
    id: RunId,
    graph: Arc<Graph>,
    opening: Opening,
    chain: Option<(Uuid, ChainChange)>,
    approved: Approved,
}

async fn store_and_go(
    app: &Arc<App>,
    asker: &Asker,
    plan: &PlanName,
    standing: &Standing,
    new: New,
) -> Result<Run, Refused> {
    let New { id, graph, opening, chain, approved } = new;
    let owed_only = graph.owed_only;
    let mut next = standing.after(&Event::RunStarted { kind: graph.kind, owed_only })?;
    next.active = Some(id);
    next.walls = fences::raised(&graph, standing, &next);
    match graph.kind {
        RunKind::Test => next.test = Some(id),
        RunKind::Failover if !owed_only => next.failover = Some(id),
        _ => {}
    }
    let groups = app
        .current
        .get()
        .config
        .plans
        .get(plan)
        .map(|plan| plan.spec.protection_groups.clone())
        .unwrap_or_default();
    let now = app.now();
    let run = Run {
        id,
        plan: plan.clone(),
        kind: graph.kind,
        created_at: now,
        started_by: asker.by.clone(),
        reason: opening.reason.clone(),
        graph_digest: opening.graph_digest.clone(),
        chain: chain.as_ref().map(|(id, _)| *id),
        tag: graph.tag.clone(),
        state: "running".to_owned(),
        summary: serde_json::json!({
            "opening": opening,
            "owedOnly": owed_only,
            "forced": graph.forced,
            "phases": phases_before(&graph, now),
            "approvedBy": approved.by,
        }),
        active: true,
        ending: None,
        ended_at: None,
    };
    let detail = serde_json::json!({
        "run": id.to_string(),
        "graphDigest": run.graph_digest,
        "reason": run.reason,
        "evidence": opening.evidence,
        "approvedBy": approved.by,
    });
    let action = format!("run.start.{}", graph.kind);
    let audit = asker.audit(now, action, format!("plan/{plan}"), detail);
    let new = CreateRun {
        run: run.clone(),
        graph: serde_json::to_string(&*graph).unwrap_or_default(),
        groups,
        plan_state: Some(next.change(plan)),
        approval: approved.used,
        chain: chain.map(|(_, change)| change),
        request: asker.request.clone().map(|key| (key, id.to_string())),
        audit: vec![audit],
    };
    if let Some(halted) = standing.active {
        give_up(app, halted).await?;
    }
    app.store.runs().create(new).await?;
    crate::tasks::runs::execute(app, id, graph, Some(opening)).await;
    Ok(run)
}

/// The counts that lists show until somebody executes the run.
fn phases_before(graph: &Arc<Graph>, now: Time) -> serde_json::Value {
    let unopened = muster_engine::RunState::new(Arc::clone(graph));
    crate::view::run::stored_phases(&RunView::of(&unopened, now))
}

/// A halted run whose place another one takes: it is over, and its groups are free. Its plan's state
/// changes with the new run.
async fn give_up(app: &App, halted: RunId) -> Result<(), Refused> {
    let Some(run) = app.store.runs().get(halted).await? else { return Ok(()) };
    app.store
        .runs()
        .finish(Finish {
            run: halted,
            ending: Ending::Halted,
            at: run.ended_at.unwrap_or_else(|| app.now()),
            state: "halted".to_owned(),
            summary: run.summary,
            release_groups: true,
            plan_state: None,
            chain: None,
            audit: Vec::new(),
        })
        .await?;
    Ok(())
}
