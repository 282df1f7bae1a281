//! Fences that several plans count on.
//!
//! A fence is one wall between two sites, whoever asked for it. A run that lifts it for its own plan must
//! not lift it for a failover of another one that is under way, or whose old writers are not cleared away.
//! Runs are only started and resumed one at a time (`App::starting`), so that what is looked at here
//! still holds when the run is stored.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_engine::{By, StepState};
use muster_plans::compile::{Fences, Wall};
use muster_plans::graph::{Action, Graph, StepIx};
use muster_plans::id::{PlanName, RunId, SiteName};
use muster_plans::run::RunKind;
use muster_plans::state::Began;

use super::standing::readable_standings;
use super::{Refused, Standing, load};
use crate::app::App;
use crate::http::Code;
use crate::landscape::Landscape;

/// Fences that are up, as the sites that raised them say, and those on which failovers of other plans
/// than this one count. A plan whose state cannot be read counts on all of its own.
///
/// # Errors
/// Where the store does not answer.
pub(super) async fn known(
    app: &App,
    landscape: &Landscape,
    but: &PlanName,
) -> Result<Fences, Refused> {
    let mut fences = Fences { up: landscape.fences().collect(), ..Fences::default() };
    for (plan, standing) in readable_standings(app).await? {
        if plan == *but {
            continue;
        }
        let walls = match &standing {
            Some(standing) => walls(landscape, &plan, standing),
            None => [false, true].into_iter().flat_map(|r| ways(landscape, &plan, r)).collect(),
        };
        for wall in walls {
            let counts = standing.as_ref().is_none_or(|s| s.state.counts_on_fence(&wall.0));
            let of = if counts { &mut fences.needed } else { &mut fences.unsettled };
            of.entry(wall).or_default().push(plan.clone());
        }
    }
    Ok(fences)
}

/// Which sites a plan leaves, each with the one that it goes to.
pub(super) fn ways(landscape: &Landscape, plan: &PlanName, reversed: bool) -> BTreeSet<Wall> {
    let groups = landscape.config.plans.get(plan).map(|plan| plan.spec.protection_groups.iter());
    let derived = groups.into_iter().flatten().filter_map(|g| landscape.derivation.groups.get(g));
    let ways = derived.map(|group| match reversed {
        false => (group.protected.clone(), group.recovery.clone()),
        true => (group.recovery.clone(), group.protected.clone()),
    });
    ways.collect()
}

/// Fences on which a plan counts: those that its failover raises, or, where none was written down, all that
/// its documents allow.
fn walls(landscape: &Landscape, plan: &PlanName, standing: &Standing) -> BTreeSet<Wall> {
    let state = &standing.state;
    let counts = |site: &SiteName| standing.unsettled || state.counts_on_fence(site);
    if let Some(walls) = &standing.walls {
        return walls.iter().filter(|(site, _)| counts(site)).cloned().collect();
    }
    let mut walls = ways(landscape, plan, state.is_reversed());
    for site in state.conditions.owed.keys() {
        if !walls.iter().any(|(fenced, _)| fenced == site) {
            let all = landscape.inventory.sites.keys().filter(|by| *by != site);
            walls.extend(all.map(|by| (site.clone(), by.clone())));
        }
    }
    walls.retain(|(fenced, _)| counts(fenced));
    walls
}

/// What a plan's failover raises, for its standing once a run has begun; of one that stopped half-way also
/// where another run takes its place.
pub(super) fn raised(graph: &Graph, before: &Standing, next: &Standing) -> Option<BTreeSet<Wall>> {
    match graph.kind {
        RunKind::Failover if graph.owed_only => return before.walls.clone(),
        RunKind::Failover | RunKind::PlannedMigration => {}
        _ => return before.walls.clone(),
    }
    with_those_of_before(Touched::by(graph).raises, before, next)
}

fn with_those_of_before(
    own: BTreeSet<Wall>,
    before: &Standing,
    next: &Standing,
) -> Option<BTreeSet<Wall>> {
    let half = next.state.run.is_some_and(|run| run.began == Began::HalfFailedOver);
    match (half, &before.walls) {
        (true, None) => None,
        (true, Some(walls)) => Some(own.union(walls).cloned().collect()),
        (false, _) => Some(own),
    }
}

/// Makes sure that a run and those of other plans do not pull at the same fence. Who would lift one waits for
/// who raises it; who clears up behind one waits for who does the same, since the last one lifts it. A
/// failover waits for nobody: a run that would let the site in is stopped before it does.
///
/// # Errors
/// With the run that is in the way.
pub(super) async fn not_crossed(
    app: &Arc<App>,
    plan: &PlanName,
    graph: &Graph,
) -> Result<(), Refused> {
    let own = Touched::by(graph);
    if own == Touched::default() {
        return Ok(());
    }
    for (other, standing) in readable_standings(app).await? {
        let running = standing.filter(|standing| standing.state.is_running() && other != *plan);
        let Some(run) = running.and_then(|standing| standing.active) else { continue };
        let theirs = match load::row(app, run).await {
            Ok((_, theirs)) => theirs,
            Err(refused) => {
                // Nobody executes what nobody can read.
                tracing::warn!(run.id = %run, error = refused.detail, "a run cannot be read");
                continue;
            }
        };
        match own.crosses(&Touched::by(&theirs)) {
            None => {}
            Some(Crossing::Waits(site)) => return Err(busy(run, &other, site)),
            Some(Crossing::Stops(walls)) => {
                stop_lifting(app, plan, run, &theirs, &walls)
                    .await
                    .map_err(|()| busy(run, &other, &walls[0].0))?;
            }
        }
    }
    Ok(())
}

fn busy(run: RunId, plan: &PlanName, site: &SiteName) -> Refused {
    Refused::new(
        Code::SiteBusy,
        format!("run {run} of {plan} settles who keeps {site} out"),
        format!("wait until it has ended, or stop it: muster run cancel {run}"),
    )
}

/// Stops a run before it lifts one of these fences. `Err`: it is doing so at this moment.
async fn stop_lifting(
    app: &Arc<App>,
    plan: &PlanName,
    run: RunId,
    theirs: &Graph,
    walls: &[Wall],
) -> Result<(), ()> {
    let lifts: Vec<StepIx> = (0..)
        .zip(&theirs.steps)
        .filter(|(_, step)| match step.action {
            Action::Unfence(site) => {
                walls.iter().any(|(s, by)| theirs.site(site) == s && theirs.site(step.site) == by)
            }
            _ => false,
        })
        .map(|(ix, _)| ix)
        .collect();
    if !app.engine.executes(run) {
        // Left behind by a server that is gone, and not taken up yet.
        crate::tasks::runs::adopt(app).await;
    }
    if !app.engine.executes(run) {
        tracing::warn!(run.id = %run, "nobody executes the run, so that it lifts no fence");
        return Ok(());
    }
    let look = |wanted: fn(StepState) -> bool| {
        app.engine.look(run, |state| lifts.iter().any(|ix| state.step(*ix).is_some_and(wanted)))
    };
    if look(|state| !state.is_settled()) == Some(true) {
        let why = format!("a failover of {plan} counts on the fence that this run would lift");
        // Refused where it is at its end, or comes to rest already: then it begins no step either.
        _ = app.engine.cancel(run, By(String::from("muster")), Some(why)).await;
    }
    match look(StepState::is_active) {
        Some(true) => Err(()),
        _ => Ok(()),
    }
}

/// A halted run that would lift a fence on which another plan counts by now is not resumed.
///
/// # Errors
/// With these plans.
pub(super) async fn still_may_lift(
    app: &App,
    plan: &PlanName,
    graph: &Graph,
) -> Result<(), Refused> {
    let landscape = app.current.get();
    let fences = known(app, &landscape, plan).await?;
    for wall in Touched::by(graph).lifts {
        if let Some(plans) = fences.needed.get(&wall).or_else(|| fences.unsettled.get(&wall)) {
            let names: Vec<&str> = plans.iter().map(PlanName::as_str).collect();
            return Err(Refused::new(
                Code::SiteBusy,
                format!(
                    "this run would let {} in again, and a failover of {} counts on it being fenced",
                    wall.0,
                    names.join(", ")
                ),
                "do first what these plans owe to the site; or start a new run, which leaves the fence alone",
            ));
        }
    }
    Ok(())
}

/// What a run has to do with fences.
#[derive(Debug, Default, PartialEq, Eq)]
struct Touched {
    raises: BTreeSet<Wall>,
    lifts: BTreeSet<Wall>,
    /// Behind these it clears away what an earlier failover has left.
    clears: BTreeSet<Wall>,
}

impl Touched {
    fn by(graph: &Graph) -> Touched {
        let wall = |site, by| (graph.site(site).clone(), graph.site(by).clone());
        let mut touched = Touched::default();
        for step in &graph.steps {
            match step.action {
                Action::Fence(site) => touched.raises.insert(wall(site, step.site)),
                Action::Unfence(site) => touched.lifts.insert(wall(site, step.site)),
                _ => continue,
            };
        }
        if graph.kind == RunKind::Failover && graph.owed_only {
            touched.clears = graph.vms.iter().map(|vm| wall(vm.from, vm.to)).collect();
        }
        touched
    }

    /// How this run, which is about to begin, gets in the way of one that is under way.
    fn crosses<'a>(&'a self, other: &'a Touched) -> Option<Crossing<'a>> {
        let stops: Vec<Wall> = self.raises.intersection(&other.lifts).cloned().collect();
        if !stops.is_empty() {
            return Some(Crossing::Stops(stops));
        }
        let lifted = self.lifts.intersection(&other.raises);
        let mut waits = lifted.chain(self.clears.intersection(&other.clears));
        waits.next().map(|(site, _)| Crossing::Waits(site))
    }
}

/// What becomes of two runs at one fence.
#[derive(Debug, PartialEq, Eq)]
enum Crossing<'a> {
    /// The one that is about to begin waits.
    Waits(&'a SiteName),
    /// The one that is under way is stopped before it lifts these.
    Stops(Vec<Wall>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(raises: &[&str], lifts: &[&str], clears: &[&str]) -> Touched {
        let walls = |sites: &[&str]| sites.iter().map(|s| ((*s).into(), "lyon".into())).collect();
        Touched { raises: walls(raises), lifts: walls(lifts), clears: walls(clears) }
    }

    #[test]
    fn a_failover_waits_for_nobody_and_nobody_lets_its_site_in() {
        let failover = touched(&["paris"], &[], &[]);
        assert_eq!(failover.crosses(&failover), None);
        let wall = vec![("paris".into(), "lyon".into())];
        for lifts in [touched(&[], &["paris"], &[]), touched(&[], &["paris"], &["paris"])] {
            assert_eq!(failover.crosses(&lifts), Some(Crossing::Stops(wall.clone())));
            assert_eq!(lifts.crosses(&failover), Some(Crossing::Waits(&"paris".into())));
        }
        let elsewhere = touched(&[], &["rome"], &["rome"]);
        let leaves_it = touched(&[], &[], &["paris"]);
        for other in [elsewhere, leaves_it] {
            assert_eq!((failover.crosses(&other), other.crosses(&failover)), (None, None));
        }
    }

    #[test]
    fn what_is_owed_to_a_site_is_done_one_plan_after_the_other() {
        let last = touched(&[], &["paris"], &["paris"]);
        let first = touched(&[], &[], &["paris"]);
        let paris = SiteName::from("paris");
        for (a, b) in [(&last, &first), (&first, &last), (&first, &first)] {
            assert_eq!(a.crosses(b), Some(Crossing::Waits(&paris)));
        }
        assert_eq!(first.crosses(&touched(&[], &["rome"], &["rome"])), None);
    }

    #[test]
    fn a_half_failover_keeps_its_fences_whatever_takes_its_place() {
        let standing = |walls: Option<&[&str]>| Standing {
            walls: walls.map(|walls| touched(walls, &[], &[]).raises),
            ..Standing::default()
        };
        let mut next = Standing::default();
        next.state = next
            .state
            .next(&muster_plans::state::Event::RunStarted {
                kind: RunKind::PlannedMigration,
                owed_only: false,
            })
            .unwrap();
        let before = standing(Some(&["paris"]));
        let kept = |before: &Standing, next: &Standing| {
            with_those_of_before(BTreeSet::new(), before, next)
        };
        assert_eq!(kept(&before, &next), Some(BTreeSet::new()), "it raises none");
        if let Some(run) = &mut next.state.run {
            run.began = Began::HalfFailedOver;
        }
        assert_eq!(kept(&before, &next), before.walls);
        assert_eq!(kept(&standing(None), &next), None, "those of its documents");
    }
}
