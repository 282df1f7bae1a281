//! What the start form says: story, checks, evidence, recovery points, what is touched.

use std::collections::BTreeSet;

use muster_engine::Course;
use muster_plans::compile;
use muster_plans::graph::{Action, Graph, OnFailure};
use muster_plans::id::PlanName;
use muster_plans::inventory::RecoveryPoint;
use muster_web::page::{
    AttestField, Blast, Evidence, EvidenceSection, FieldError, ForcedField, PointLine, Start,
    StartValues,
};
use muster_web::part::{Finding, When};
use muster_web::state::{Level, RunKind};
use muster_web::{Nav, text};

use super::chrome::{self, At};
use super::{MINUTES, words};
use crate::api::dto::{GroupPointDto, PlanDto, ReadinessDto};
use crate::app::App;
use crate::auth::Privilege;
use crate::http::{Code, Problem, Who};
use crate::landscape::Landscape;
use crate::ops::{self, Wanted};
use crate::view;

/// VMs that are named.
const NAMED: usize = 8;

/// What the page is about, and what was sent before.
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) kind: RunKind,
    pub(super) values: StartValues,
    pub(super) errors: Vec<FieldError>,
}

/// Whether the plan's name must be typed: where production moves.
pub(super) fn must_confirm(kind: RunKind) -> bool {
    matches!(kind, RunKind::Failover | RunKind::PlannedMigration | RunKind::Reprotect)
}

/// Digest of what would be started now; empty where nothing can be.
pub(super) async fn digest_of(
    app: &App,
    plan: &PlanName,
    kind: RunKind,
    forced: bool,
) -> Result<String, Problem> {
    let graph = graph_of(app, plan, kind, forced).await?;
    Ok(graph.as_ref().map(compile::digest).unwrap_or_default())
}

async fn graph_of(
    app: &App,
    plan: &PlanName,
    kind: RunKind,
    forced: bool,
) -> Result<Option<Graph>, Problem> {
    let standing = ops::standing_of(app, plan).await?;
    let wanted = Wanted { forced, ..Wanted::of(words::start_kind(kind)) };
    let landscape = app.current.get();
    let compiled = ops::compile_now(app, &landscape, plan, &standing, &wanted).await;
    Ok(compiled.ok().map(|compiled| compiled.graph))
}

/// The page.
pub(super) async fn page(app: &App, who: &Who, at: &At, shown: Shown) -> Result<Start, Problem> {
    let Shown { name, kind, values, errors } = shown;
    let landscape = app.current.get();
    let plan = PlanName::from(name.as_str());
    let standing = ops::standing_of(app, &plan).await?;
    let Some(dto) = view::plan::one(&landscape, &plan, &standing) else {
        return Err(Problem::new(Code::NotFound, format!("there is no plan `{name}`")));
    };
    let start_kind = words::start_kind(kind);
    let wanted = Wanted { forced: values.forced, ..Wanted::of(start_kind) };
    let ready = ops::readiness(app, &plan, &wanted).await?;
    let graph = graph_of(app, &plan, kind, values.forced).await?;
    let owed = kind == RunKind::Failover && standing.state.owes();
    let real = kind == RunKind::Failover && !owed;
    let refused = who.may_start(start_kind).err().map(|problem| problem.detail);
    let refused = refused.or_else(|| (!ready.ready).then(|| ready.refusals.join("; ")));
    let refused = refused.or_else(|| alive(&landscape, &dto).filter(|_| real));
    let title = format!("{} of {name}", kind.face(owed).title);
    Ok(Start {
        chrome: chrome::of(app, Some(who), Nav::Plans, &title, at).await,
        kind,
        from: dto.from.join(", "),
        to: dto.to.clone(),
        owed,
        refused,
        errors,
        values,
        story: graph.as_ref().map(story).unwrap_or_default(),
        way_back: view::run::cancel_sentence(start_kind.run_kind(), Course::Forward, false),
        estimate_ms: ready.forecast.as_ref().map(|forecast| forecast.makespan_ms),
        rto_goal_ms: dto.rto_ms,
        checks: checks(&ready),
        evidence: real.then(|| evidence(&landscape, &dto, &ready)),
        points: ready
            .points
            .iter()
            .map(|point| line(&landscape, graph.as_ref(), point, app.now().0))
            .collect(),
        loss: loss(&ready.points),
        blast: graph.as_ref().map(|graph| blast(graph, kind, owed)).unwrap_or_default(),
        digest: graph.as_ref().map(compile::digest).unwrap_or_default(),
        confirm: must_confirm(kind),
        reason_needed: false,
        forced: real.then(|| forced(graph.as_ref())),
        attest: (real && ready.accepts.iter().any(|kind| kind == "attestation"))
            .then(|| attest(who, &dto)),
        approvals: if real { dto.approvals } else { 0 },
        plan: name,
    })
}

/// One sentence for each phase.
fn story(graph: &Graph) -> Vec<String> {
    let mut counts = vec![0_u32; graph.phases.len()];
    for step in graph.steps.iter().filter(|step| step.action != Action::Barrier) {
        if let Some(count) = counts.get_mut(usize::from(step.phase)) {
            *count += 1;
        }
    }
    let phases = graph.phases.iter().zip(counts).filter(|(_, count)| *count > 0);
    phases
        .map(|(phase, count)| format!("{} ({})", phase.name, text::count(count, "step", "steps")))
        .collect()
}

fn checks(ready: &ReadinessDto) -> Vec<Finding> {
    let mut checks: Vec<Finding> = ready.findings.iter().map(words::finding).collect();
    if ready.ready {
        let said = format!(
            "It compiles against what is there now: {} over {}.",
            text::count(words::number(ready.steps), "step", "steps"),
            text::count(words::number(ready.vms), "VM", "VMs"),
        );
        checks.push(Finding::new(Level::Passed, said));
    }
    words::worst_first(&mut checks);
    checks
}

/// Protected sites whose agents answer.
fn answering<'a>(landscape: &Landscape, plan: &'a PlanDto) -> Vec<&'a str> {
    let sites = plan.from.iter().map(String::as_str);
    sites.filter(|site| landscape.answers(&(*site).into())).collect()
}

/// Why a failover would be refused at once: no button promises what the server will not do.
fn alive(landscape: &Landscape, plan: &PlanDto) -> Option<String> {
    let alive = answering(landscape, plan).join(", ");
    (!alive.is_empty()).then(|| {
        format!(
            "{alive} answers, and a failover is refused while it does. A planned migration loses nothing."
        )
    })
}

fn evidence(landscape: &Landscape, plan: &PlanDto, ready: &ReadinessDto) -> EvidenceSection {
    let against = plan.from.join(", ");
    let alive = answering(landscape, plan);
    let mut items: Vec<Evidence> = ready
        .evidence
        .iter()
        .map(|told| Evidence {
            stance: if told.holds { Level::Passed } else { Level::Unknown },
            source: format!("{}, about {}", told.kind, told.site),
            text: told.message.clone(),
            observed: None,
            expires: None,
        })
        .collect();
    items.extend(alive.iter().map(|site| Evidence {
        stance: Level::Error,
        source: "this server".to_owned(),
        text: format!("the agent of {site} answers"),
        observed: None,
        expires: None,
    }));
    let proved = |site: &String| {
        let mut told = ready.evidence.iter();
        told.any(|told| told.holds && told.site == *site && ready.accepts.contains(&told.kind))
    };
    let verdict = if !alive.is_empty() {
        (Level::Error, format!("{} answers, so it may be writing.", alive.join(", ")))
    } else if plan.from.iter().all(proved) {
        (Level::Passed, format!("It is proved that {against} cannot write."))
    } else {
        (Level::Warning, format!("Nothing proves yet that {against} cannot write."))
    };
    EvidenceSection { against, accepted: ready.accepts.clone(), items, verdict }
}

fn line(
    landscape: &Landscape,
    graph: Option<&Graph>,
    point: &GroupPointDto,
    now: i64,
) -> PointLine {
    let target = graph
        .and_then(|graph| graph.groups.iter().position(|g| g.id.as_str() == point.group))
        .zip(graph);
    let vms = target.map_or(0, |(ix, graph)| {
        let in_it = |vm: &&muster_plans::graph::VmTarget| {
            vm.storage.iter().any(|group| group.0 as usize == ix)
        };
        graph.vms.iter().filter(in_it).count()
    });
    let known = point.point.as_ref().and_then(|id| find(landscape, id));
    PointLine {
        group: point.group.clone(),
        vms: words::number(vms),
        mode: point.mode.clone(),
        taken: target
            .and_then(|(ix, graph)| graph.groups[ix].point_time)
            .or_else(|| known.map(|point| point.taken_at))
            .map(|at| When::new(at.0, now)),
        age_ms: point.age_ms,
        consistency: known
            .map(|point| format!("{} consistent", view::word(&point.consistency)))
            .unwrap_or_else(|| {
                if point.age_ms == Some(0) { "in sync" } else { "not known" }.into()
            }),
        within: point.within_rpo,
    }
}

fn find<'a>(landscape: &'a Landscape, id: &str) -> Option<&'a RecoveryPoint> {
    let legs = landscape.inventory.sites.values().flat_map(|site| &site.groups);
    legs.flat_map(|leg| &leg.points).find(|point| point.id.as_str() == id)
}

/// What is lost at most, and that starting accepts it.
fn loss(points: &[GroupPointDto]) -> String {
    let over = points.iter().any(|point| !point.within_rpo);
    let ages: Option<Vec<u64>> = points.iter().map(|point| point.age_ms).collect();
    let lost = match ages.map(|ages| ages.into_iter().max().unwrap_or(0)) {
        Some(0) => return String::new(),
        Some(worst) => format!("Up to {} of changes will be lost.", text::duration(worst)),
        None => "Nobody can say how many changes will be lost.".to_owned(),
    };
    let more = if over { " That is more than the plan's objective." } else { "" };
    format!("{lost}{more} Typing the plan's name accepts this.")
}

fn blast(graph: &Graph, kind: RunKind, owed: bool) -> Blast {
    let test = matches!(kind, RunKind::Test | RunKind::Cleanup);
    let vms = if test { graph.test_vms.len() } else { graph.vms.len() };
    let groups: BTreeSet<String> = graph.vms.iter().map(|vm| vm.group.to_string()).collect();
    let networks: BTreeSet<String> = if test {
        graph.bubbles.iter().map(|bubble| bubble.name.to_string()).collect()
    } else {
        graph.vms.iter().flat_map(|vm| &vm.nics).map(|nic| nic.network.0.to_string()).collect()
    };
    let sample = graph.vms.iter().take(NAMED.min(vms)).map(|vm| vm.name.to_string());
    Blast {
        vms: words::number(vms),
        sample: sample.collect(),
        groups: groups.into_iter().collect(),
        volumes: words::number(graph.groups.iter().map(|group| group.volumes.len()).sum()),
        consistency_groups: words::number(graph.groups.len()),
        networks: networks.into_iter().take(NAMED).collect(),
        suspended: graph.others.iter().take(NAMED).map(|vm| vm.name.to_string()).collect(),
        moves_writer: matches!(kind, RunKind::Failover | RunKind::PlannedMigration) && !owed,
    }
}

fn forced(graph: Option<&Graph>) -> ForcedField {
    let steps = graph.map(|graph| graph.steps.as_slice()).unwrap_or_default();
    let owed = steps.iter().filter(|step| step.on_failure == OnFailure::Owe).count();
    ForcedField { refused: None, owed: words::number(owed) }
}

fn attest(who: &Who, plan: &PlanDto) -> AttestField {
    let may = who.principal.may(Privilege::RunAttest);
    AttestField {
        site: plan.from.join(", "),
        refused: (!may).then(|| format!("It takes {}.", Privilege::RunAttest)),
        minutes: MINUTES,
    }
}
