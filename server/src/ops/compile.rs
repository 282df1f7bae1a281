//! The graph that a run would execute now.

use std::collections::BTreeMap;

use muster_plans::compile::{self, Compiled, Request};
use muster_plans::finding::Finding;
use muster_plans::graph::Graph;
use muster_plans::id::{ConsistencyGroupId, PlanName, RecoveryPointId, RunId, RunTag};
use muster_plans::mobility::Rules;
use muster_plans::run::RunKind;
use muster_plans::time::Time;

use crate::api::dto::StartKind;
use crate::app::App;
use crate::http::Code;
use crate::landscape::Landscape;
use crate::ops::{Refused, Standing, fences};

/// What is to be compiled.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The kind.
    pub kind: StartKind,
    /// Try no step at the failed site.
    pub forced: bool,
    /// Move eligible VMs live.
    pub live: bool,
    /// Recovery points that a person chose.
    pub points: BTreeMap<ConsistencyGroupId, RecoveryPointId>,
    /// The mark of a test's objects.
    pub tag: Option<RunTag>,
}

impl Wanted {
    /// A kind with the usual settings.
    pub fn of(kind: StartKind) -> Wanted {
        Wanted {
            kind,
            forced: false,
            live: true,
            points: BTreeMap::new(),
            tag: Some(RunTag::from("muster-test")),
        }
    }
}

impl StartKind {
    /// The kind of run; a failback begins with a reprotect, or where that is done with the
    /// migration.
    pub fn run_kind(self) -> RunKind {
        match self {
            StartKind::Test => RunKind::Test,
            StartKind::Cleanup => RunKind::Cleanup,
            StartKind::Planned => RunKind::PlannedMigration,
            StartKind::Failover => RunKind::Failover,
            StartKind::Reprotect | StartKind::Failback => RunKind::Reprotect,
        }
    }
}

/// Compiles a plan against a landscape.
///
/// # Errors
/// With all findings, where it cannot be compiled.
pub async fn compile_now(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
    wanted: &Wanted,
) -> Result<Compiled, Refused> {
    with_request(app, landscape, plan, standing, wanted, compile::compile).await
}

/// Puts together what the compiler is asked, and asks.
///
/// # Errors
/// With all findings that it answers.
pub(super) async fn with_request<T>(
    app: &App,
    landscape: &Landscape,
    plan: &PlanName,
    standing: &Standing,
    wanted: &Wanted,
    ask: impl FnOnce(&Request<'_>) -> Result<T, Vec<Finding>>,
) -> Result<T, Refused> {
    if !landscape.config.plans.contains_key(plan) {
        return Err(no_plan(plan));
    }
    let kind = wanted.kind.run_kind();
    let test = match kind {
        RunKind::Cleanup => graph_of(app, standing.test).await?,
        _ => None,
    };
    let owed = match kind {
        RunKind::Failover if standing.state.owes() => graph_of(app, standing.failover).await?,
        _ => None,
    };
    let tag = match (&test, kind) {
        (Some(test), _) => test.tag.clone(),
        (None, RunKind::Test) => wanted.tag.clone(),
        (None, _) => None,
    };
    let request = Request {
        config: &landscape.config,
        plan,
        inventory: &landscape.inventory,
        derivation: &landscape.derivation,
        rules: &Rules::default(),
        supported: &landscape.methods(),
        kind,
        reversed: standing.state.is_reversed(),
        forced: wanted.forced,
        owed: owed.as_ref(),
        points: &wanted.points,
        tag,
        test: test.as_ref(),
        test_safe_callouts: &app.callouts.safe_in_tests(),
        fences: &fences::known(app, landscape, plan).await?,
        live: wanted.live,
        now: seen_at(landscape),
    };
    ask(&request).map_err(|findings| {
        Refused::new(
            Code::PlanNotReady,
            format!("plan `{plan}` cannot be run as {kind} now"),
            "mend what is found, then start it again",
        )
        .with(findings)
    })
}

/// There is no such plan.
pub(super) fn no_plan(plan: &PlanName) -> Refused {
    Refused::new(
        Code::NotFound,
        format!("there is no plan `{plan}`"),
        "look at the list of plans: muster plan list",
    )
}

/// Ages of recovery points are differences of the sites' own clocks: what a site says was true at
/// the time it names, and the server's clock may differ from it.
pub(super) fn seen_at(landscape: &Landscape) -> Time {
    let seen = landscape.inventory.sites.values().map(|site| site.observed_at);
    seen.max().unwrap_or_default()
}

async fn graph_of(app: &App, run: Option<RunId>) -> Result<Option<Graph>, Refused> {
    let Some(run) = run else { return Ok(None) };
    let Some(json) = app.store.runs().graph(run).await? else { return Ok(None) };
    super::load::graph(&json).map(Some)
}
