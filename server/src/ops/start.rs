//! Starts a run: checks, evidence, points, graph; then everything in one transaction.

use std::sync::Arc;

use muster_engine::{By, Clock, Ending, Evidence, Opening, RunView};
use muster_plans::compile;
use muster_plans::document::{EvidenceKind, PlanSpec};
use muster_plans::graph::Graph;
use muster_plans::id::{PlanName, RunId, RunTag, SiteName};
use muster_plans::run::RunKind;
use muster_plans::state::Event;
use muster_plans::time::{Span, Time};
use muster_store::{ChainChange, CreateRun, Finish, Run};
use uuid::Uuid;

use super::compile::no_plan;
use super::evidence::{Known, attestation, gather};
use super::{Asker, Standing, Wanted, compile_now, failback, not_on_hold, points, standing_of};
use crate::api::dto::{StartKind, StartRun};
use crate::app::App;
use crate::auth::Privilege;
use crate::http::Code;
use crate::ids;
use crate::landscape::Landscape;
use crate::ops::Refused;
use crate::tasks::inventory;

/// A witness is sure of a death after twice the time of its leases; a little more is waited for.
const WITNESS_PATIENCE: Span = Span::secs(20);

/// Starts a run and gives its row.
///
/// # Errors
/// Whatever stands against it; nothing has happened then.
pub async fn start(app: &Arc<App>, asker: &Asker, wish: &StartRun) -> Result<Run, Refused> {
    not_on_hold(app)?;
    let plan = PlanName::from(wish.plan.as_str());
    // Compiled against what is there now, not against what was there two seconds ago.
    inventory::round(app).await;
    let _one_at_a_time = app.starting.lock().await;
    if wish.kind == StartKind::Failback {
        return failback::begin(app, asker, &plan, wish).await;
    }
    start_one(app, asker, &plan, wish, None).await
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
    if let Some(refusal) = standing.state.refusal(kind, owed_only) {
        return Err(Refused::new(
            Code::NotAllowedNow,
            refusal.to_string(),
            format!("look at what the plan allows now: muster plan show {plan}"),
        ));
    }
    let needs_evidence = kind == RunKind::Failover && !owed_only;
    let proof = match needs_evidence {
        true => proof_for(app, &landscape, plan, &standing, spec, wish, &asker.by).await?,
        false => Proof::default(),
    };
    let id = ids::run_id();
    let wanted = Wanted {
        kind: wish.kind,
        // What cannot answer is not asked: every step there would only run into its deadline while
        // the recovery waits. It is owed all the same.
        forced: wish.forced || (needs_evidence && proof.out_of_reach),
        live: !wish.no_live,
        points: match &wish.recovery_point {
            Some(id) => points::choose(&landscape, id)?,
            None => Default::default(),
        },
        tag: Some(RunTag::from(format!("muster-{}", id.0.simple()))),
    };
    let graph = compile_now(app, &landscape, plan, &standing, &wanted).await?.graph;
    let digest = compile::digest(&graph);
    let read_as = readable_digest(app, &landscape, plan, &standing, &wanted, &digest).await?;
    as_expected(wish, &read_as)?;
    if needs_evidence {
        honest_points(&landscape, &graph, spec, wish)?;
    }
    let opening = Opening {
        by: By(asker.by.clone()),
        reason: wish.reason.clone(),
        graph_digest: digest,
        evidence: proof.evidence,
        accepts: spec.on.failover.clone().unwrap_or_default().evidence,
    };
    store_and_go(app, asker, plan, &standing, id, Arc::new(graph), opening, chain).await
}

/// Giving one's word is a right of its own, also where it comes with the start.
fn may_attest(asker: &Asker, wish: &StartRun) -> Result<(), Refused> {
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
async fn readable_digest(
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

fn as_expected(wish: &StartRun, digest: &str) -> Result<(), Refused> {
    match &wish.expected_digest {
        Some(expected) if expected != digest => Err(Refused::new(
            Code::DigestDiffers,
            format!("the graph {expected} was expected; what would be started now is {digest}"),
            "read the graph again, and start with its digest; nothing was started",
        )),
        _ => Ok(()),
    }
}

fn spec_of<'a>(landscape: &'a Landscape, plan: &PlanName) -> Result<&'a PlanSpec, Refused> {
    landscape.config.plans.get(plan).map(|plan| &plan.spec).ok_or_else(|| no_plan(plan))
}

/// A recovery point that is older than the objective, or of unknown age, must be accepted by name.
fn honest_points(
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

/// What is known against the protected sites.
#[derive(Debug, Default)]
struct Proof {
    evidence: Vec<Evidence>,
    /// None of them answers this server.
    out_of_reach: bool,
}

/// Evidence against each protected site, of a kind that the plan accepts.
async fn proof_for(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
    spec: &PlanSpec,
    wish: &StartRun,
    by: &str,
) -> Result<Proof, Refused> {
    let (from, to) = landscape.sides(plan, standing.state.is_reversed());
    let accepts = spec.on.failover.clone().unwrap_or_default().evidence;
    let Some(at) = to.first() else { return Ok(Proof::default()) };
    let attested = wish.attest.as_deref().filter(|reason| !reason.trim().is_empty());
    let mut proof = Proof { evidence: Vec::new(), out_of_reach: true };
    for site in &from {
        let known = verdict(app, site, at, attested.is_some()).await;
        if let (Some(why), false) = (&known.alive, wish.accept_live_source) {
            return Err(alive(site, why));
        }
        proof.out_of_reach &= !known.answers;
        let mut good: Vec<Evidence> = known.holds;
        good.extend(attested.map(|reason| attestation(app, site, by, reason)));
        good.retain(|evidence| accepts.contains(&evidence.source.kind()));
        if good.is_empty() {
            let told: Vec<String> = known.told.into_iter().map(|told| told.message).collect();
            return Err(missing(site, &told, &accepts));
        }
        proof.evidence.append(&mut good);
    }
    Ok(proof)
}

/// What is known of a site; a witness that hears nothing any more is given the time that it takes to
/// be sure.
async fn verdict(app: &App, site: &SiteName, at: &SiteName, attested: bool) -> Known {
    let mut known = gather(app, site, at).await;
    let started = app.now();
    while known.undecided && !attested && app.now().since(started) < WITNESS_PATIENCE {
        app.clock.sleep(Span(500)).await;
        known = gather(app, site, at).await;
    }
    known
}

fn alive(site: &SiteName, why: &str) -> Refused {
    Refused::new(
        Code::SourceIsAlive,
        format!("{site} is alive: {why}"),
        "use a planned migration, which loses nothing; if the site must be given up although it \
         answers, say so (acceptLiveSource, --accept-live-source) and attest that it cannot write",
    )
}

fn missing(site: &SiteName, told: &[String], accepts: &[EvidenceKind]) -> Refused {
    let kinds: Vec<String> = accepts.iter().map(crate::view::word).collect();
    let ways: Vec<&str> = accepts
        .iter()
        .map(|kind| match kind {
            EvidenceKind::Witness => "a witness that calls the site dead",
            EvidenceKind::Fence => "a fence that is read back",
            EvidenceKind::Attestation => {
                "your word that it is off, with the reason (attest, --attest \"REASON\")"
            }
        })
        .collect();
    Refused::new(
        Code::EvidenceMissing,
        format!(
            "nothing proves that {site} cannot write: {}; the plan accepts {}",
            told.join("; "),
            kinds.join(", ")
        ),
        format!("any one of these would do: {}", ways.join("; ")),
    )
}

#[expect(clippy::too_many_arguments, reason = "the parts of one transaction, used once")]
async fn store_and_go(
    app: &Arc<App>,
    asker: &Asker,
    plan: &PlanName,
    standing: &Standing,
    id: RunId,
    graph: Arc<Graph>,
    opening: Opening,
    chain: Option<(Uuid, ChainChange)>,
) -> Result<Run, Refused> {
    let owed_only = graph.owed_only;
    let mut next = standing.after(&Event::RunStarted { kind: graph.kind, owed_only })?;
    next.active = Some(id);
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
    });
    let action = format!("run.start.{}", graph.kind);
    let audit = asker.audit(now, action, format!("plan/{plan}"), detail);
    let new = CreateRun {
        run: run.clone(),
        graph: serde_json::to_string(&*graph).unwrap_or_default(),
        groups,
        plan_state: Some(next.change(plan)),
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
