//! Could this plan fail over now? One answer, for the overview, the list of plans and the plan.

use std::sync::Arc;

use muster_plans::compile::Compiled;
use muster_plans::id::PlanName;
use muster_plans::run::RunKind as Kind;
use muster_plans::state::Going;
use muster_store::RunFilter;
use muster_web::part::{Finding, When};
use muster_web::state::{Level, Readiness, RunKind, RunState};

use super::words;
use crate::api::dto::PlanDto;
use crate::app::App;
use crate::landscape::Landscape;
use crate::ops::{self, Outlook, Refused, Standing};
use crate::view;

/// How many earlier tests are looked at for one that ended well.
const TESTS_LOOKED_AT: u64 = 20;

/// The answer, and what it rests on.
pub(super) struct Verdict {
    pub(super) plan: PlanDto,
    pub(super) standing: Standing,
    pub(super) readiness: Readiness,
    /// Worst first.
    pub(super) findings: Vec<Finding>,
    /// Age of the oldest recovery point; `None`: not known.
    pub(super) rpo_ms: Option<u64>,
    /// A protected site does not answer this server.
    pub(super) protected_away: bool,
    /// A failover, where it compiles.
    pub(super) outlook: Option<Arc<Outlook>>,
}

impl Verdict {
    /// The sites hold something else than the plan believes: whatever else was found is of a plan that
    /// stands elsewhere.
    pub(super) fn contradict(&mut self) {
        let text = "where this plan believes to stand is not where its storage is";
        let help = "look at both sites, then take the storage's word";
        self.findings.insert(0, Finding::new(Level::Error, text).help(help));
        self.readiness = Readiness::NotReady;
    }

    /// What one would start next: clean up, do what is owed, fail over from a site that is gone, turn
    /// the direction, prove it by a test.
    pub(super) fn next(&self, tests: &Tests) -> Option<RunKind> {
        let owes = self.standing.state.owes();
        let unproved = self.standing.state.conditions.unverified || tests.good.is_none();
        // Owed steps need the site; a failover is next where it is gone and nothing is owed yet.
        let wanted = [
            (RunKind::Cleanup, true),
            (RunKind::Failover, owes != self.protected_away),
            (RunKind::Reprotect, true),
            (RunKind::Test, unproved && !self.protected_away),
        ];
        let may = |kind| view::plan::action(&self.standing, words::start_kind(kind)).allowed;
        wanted.into_iter().find(|(kind, wanted)| *wanted && may(*kind)).map(|(kind, _)| kind)
    }

    /// Forecast of a failover.
    pub(super) fn rto_ms(&self) -> Option<u64> {
        self.outlook.as_ref().map(|outlook| outlook.forecast.makespan_ms)
    }
}

/// Judges a plan by what is known at the moment. Asks no site, so that a page comes at once also
/// when one is down.
pub(super) async fn of(
    app: &App,
    landscape: &Landscape,
    name: &PlanName,
) -> Result<Option<Verdict>, Refused> {
    let standing = ops::standing_of(app, name).await?;
    let Some(plan) = view::plan::one(landscape, name, &standing) else { return Ok(None) };
    let outlook = ops::outlook(app, landscape, name, &standing).await;
    let mut findings: Vec<Finding> = plan.conditions.iter().map(|said| condition(said)).collect();
    let (outlook, broken) = match outlook {
        Ok(outlook) => {
            let warnings = outlook.compiled.warnings.iter();
            findings.extend(warnings.map(|f| words::finding(&view::finding(f))));
            (Some(outlook), false)
        }
        Err(refused) => {
            findings.push(Finding::new(Level::Error, refused.detail).help(refused.help));
            findings.extend(refused.findings.iter().map(|f| words::finding(&view::finding(f))));
            (None, true)
        }
    };
    let rpo_ms = outlook.as_ref().and_then(|outlook| oldest(landscape, &outlook.compiled));
    let missed = plan.rpo_ms.filter(|goal| rpo_ms.is_none_or(|age| age > *goal));
    if let (Some(goal), true) = (missed, outlook.is_some()) {
        findings.push(late(rpo_ms, goal));
    }
    let away = away(landscape, &plan);
    findings.extend(
        away.iter().map(|site| {
            Finding::new(Level::Warning, format!("{site} does not answer this server"))
        }),
    );
    let recovery_away = away.contains(&plan.to);
    let protected_away = away.iter().any(|site| plan.from.contains(site));
    // What is owed after a failover can be done, and is no failover.
    let refused = standing.state.refusal(Kind::Failover, false);
    let busy = standing.state.run.is_some_and(|run| run.going != Going::Halted);
    if let (Some(refusal), false) = (&refused, busy) {
        findings.push(Finding::new(Level::Error, refusal.to_string()));
    }
    words::worst_first(&mut findings);
    let warned = findings.iter().any(|finding| finding.level == Level::Warning);
    let readiness = match (busy, recovery_away, broken || refused.is_some()) {
        (true, _, _) => Readiness::Busy,
        (_, true, _) => Readiness::Unknown,
        (_, _, true) => Readiness::NotReady,
        _ if warned => Readiness::Warnings,
        _ => Readiness::Ready,
    };
    Ok(Some(Verdict { plan, standing, readiness, findings, rpo_ms, protected_away, outlook }))
}

fn condition(said: &str) -> Finding {
    Finding::new(Level::Warning, said)
}

fn late(age: Option<u64>, goal: u64) -> Finding {
    let goal = muster_web::text::duration(goal);
    let text = match age {
        Some(age) => format!(
            "the oldest recovery point is {} old; the objective is {goal}",
            muster_web::text::duration(age)
        ),
        None => format!("the age of a recovery point is not known; the objective is {goal}"),
    };
    Finding::new(Level::Warning, text)
}

fn away(landscape: &Landscape, plan: &PlanDto) -> Vec<String> {
    let sites = plan.from.iter().chain([&plan.to]).filter(|site| !site.is_empty());
    sites.filter(|site| !landscape.answers(&site.as_str().into())).cloned().collect()
}

/// The oldest of a graph's recovery points; not known as soon as one is not.
fn oldest(landscape: &Landscape, compiled: &Compiled) -> Option<u64> {
    let points = ops::points_of_graph(landscape, &compiled.graph, None);
    let ages: Option<Vec<u64>> = points.iter().map(|point| point.age_ms).collect();
    ages?.into_iter().max()
}

/// The last test, how it ended, and the last that ended well.
pub(super) struct Tests {
    pub(super) last: Option<(When, RunState)>,
    pub(super) good: Option<When>,
}

/// The tests of a plan, newest first.
pub(super) async fn tests(app: &App, plan: &PlanName) -> Result<Tests, Refused> {
    let filter = RunFilter {
        plan: Some(plan.clone()),
        kind: Some(Kind::Test),
        active: None,
        ..RunFilter::default()
    };
    let runs = app.store.runs().list(&filter, None, TESTS_LOOKED_AT).await?.items;
    let now = app.now().0;
    let ended: Vec<(When, RunState)> = runs
        .iter()
        .filter_map(|run| Some((When::new(run.ended_at?.0, now), words::run_state(&run.state))))
        .collect();
    let well = |state: RunState| matches!(state, RunState::Succeeded | RunState::Warnings);
    Ok(Tests {
        last: ended.first().copied(),
        good: ended.iter().find(|(_, state)| well(*state)).map(|(when, _)| *when),
    })
}
