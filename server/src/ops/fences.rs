//! Fences that several plans count on.
//!
//! A fence is one wall between two sites, whoever asked for it. A run that lifts it for its own plan must
//! not lift it for a failover of another one that is under way, or whose old writers are not cleared away.
//! Runs are only started and resumed one at a time (`App::starting`), so that what is looked at here
//! still holds when the run is stored.

use std::collections::BTreeSet;

use muster_plans::compile::{Fences, Wall};
use muster_plans::graph::{Action, Graph};
use muster_plans::id::PlanName;
use muster_plans::run::RunKind;

use super::{Refused, Standing, all_standings, load};
use crate::app::App;
use crate::http::Code;
use crate::landscape::Landscape;

/// Fences that are up, as the sites that raised them say, and those on which failovers of other plans
/// than this one count.
///
/// # Errors
/// Where the store does not answer.
pub(super) async fn known(
    app: &App,
    landscape: &Landscape,
    but: &PlanName,
) -> Result<Fences, Refused> {
    let mut fences = Fences { up: landscape.fences().collect(), ..Fences::default() };
    for (plan, standing) in all_standings(app).await? {
        if plan == *but {
            continue;
        }
        for wall in walls(landscape, &plan, &standing) {
            fences.needed.entry(wall).or_default().push(plan.clone());
        }
    }
    Ok(fences)
}

/// Which sites a plan leaves, each with the one that it goes to: the fences of its failovers.
fn ways(landscape: &Landscape, plan: &PlanName, standing: &Standing) -> BTreeSet<Wall> {
    let groups = landscape.config.plans.get(plan).map(|plan| plan.spec.protection_groups.iter());
    let derived = groups.into_iter().flatten().filter_map(|g| landscape.derivation.groups.get(g));
    let ways = derived.map(|group| match standing.state.is_reversed() {
        false => (group.protected.clone(), group.recovery.clone()),
        true => (group.recovery.clone(), group.protected.clone()),
    });
    ways.collect()
}

/// Fences on which a plan counts.
fn walls(landscape: &Landscape, plan: &PlanName, standing: &Standing) -> BTreeSet<Wall> {
    let state = &standing.state;
    let mut walls = ways(landscape, plan, standing);
    // Where the documents do not name an owed site any more, any of its fences may be the one.
    for site in state.conditions.owed.keys() {
        if !walls.iter().any(|(fenced, _)| fenced == site) {
            let all = landscape.inventory.sites.keys().filter(|by| *by != site);
            walls.extend(all.map(|by| (site.clone(), by.clone())));
        }
    }
    walls.retain(|(fenced, _)| state.counts_on_fence(fenced));
    walls
}

/// Refuses what another plan's run is in the way of: who fences a site, while that one lets it in; who
/// clears up there, while that one does, since the last of them lifts the fence.
///
/// # Errors
/// With that run.
pub(super) async fn not_crossed(app: &App, plan: &PlanName, graph: &Graph) -> Result<(), Refused> {
    let own = Touched::by(graph);
    if own == Touched::default() {
        return Ok(());
    }
    for (other, standing) in all_standings(app).await? {
        let running = standing.active.filter(|_| standing.state.is_running() && other != *plan);
        let Some(run) = running else { continue };
        let (row, theirs) = load::row(app, run).await?;
        if let Some((site, _)) = own.crosses(&Touched::by(&theirs)) {
            return Err(Refused::new(
                Code::SiteBusy,
                format!("run {run} of {other} ({}) settles who keeps {site} out", row.kind),
                format!("wait until it has ended, or stop it: muster run cancel {run}"),
            ));
        }
    }
    Ok(())
}

/// A recovered plan does not begin to go back to a site that other plans still keep out: it would stop
/// half-way.
///
/// # Errors
/// With these plans.
pub(super) async fn way_back_is_open(
    app: &App,
    plan: &PlanName,
    standing: &Standing,
) -> Result<(), Refused> {
    let landscape = app.current.get();
    let needed = known(app, &landscape, plan).await?.needed;
    let shut = ways(&landscape, plan, standing).into_iter().find_map(|wall| {
        let plans = needed.get(&wall)?;
        Some((wall, plans.iter().map(PlanName::as_str).collect::<Vec<_>>().join(", ")))
    });
    match shut {
        None => Ok(()),
        Some(((site, by), names)) => Err(Refused::new(
            Code::SiteBusy,
            format!("{site} is fenced by {by}, and a failover of {names} counts on that"),
            "do first what these plans still owe to the site; the last one lets it in again",
        )),
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
    let needed = known(app, &landscape, plan).await?.needed;
    for wall in Touched::by(graph).lifts {
        if let Some(plans) = needed.get(&wall) {
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

    /// A fence on which one counts while the other lifts it; or behind which both clear up, so that each
    /// would leave the lifting to the other.
    fn crosses<'a>(&'a self, other: &'a Touched) -> Option<&'a Wall> {
        let lifted = self.lifts.intersection(&other.raises);
        let raised = self.raises.intersection(&other.lifts);
        lifted.chain(raised).chain(self.clears.intersection(&other.clears)).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(raises: &[&str], lifts: &[&str], clears: &[&str]) -> Touched {
        let walls = |sites: &[&str]| sites.iter().map(|s| ((*s).into(), "lyon".into())).collect();
        Touched { raises: walls(raises), lifts: walls(lifts), clears: walls(clears) }
    }

    fn cross(a: &Touched, b: &Touched) -> bool {
        assert_eq!(a.crosses(b).is_some(), b.crosses(a).is_some(), "whoever comes second");
        a.crosses(b).is_some()
    }

    #[test]
    fn two_failovers_of_one_site_may_go_on_together_and_nobody_lets_it_in_meanwhile() {
        let failover = touched(&["paris"], &[], &[]);
        assert!(!cross(&failover, &failover));
        assert!(cross(&failover, &touched(&[], &["paris"], &[])), "a reprotect");
        assert!(cross(&failover, &touched(&[], &["paris"], &["paris"])), "what is owed");
        assert!(!cross(&failover, &touched(&[], &["rome"], &["rome"])), "another site");
        assert!(!cross(&failover, &touched(&[], &[], &["paris"])), "it leaves the fence alone");
    }

    #[test]
    fn what_is_owed_to_a_site_is_done_one_plan_after_the_other() {
        let last = touched(&[], &["paris"], &["paris"]);
        let first = touched(&[], &[], &["paris"]);
        assert!(cross(&last, &first) && cross(&first, &first));
        assert!(!cross(&first, &touched(&[], &["rome"], &["rome"])));
    }
}
