//! Fences that other plans need, and one that is still up where a run wants to go.
//!
//! A fence is one wall between two sites, whichever plan asked for it: who lifts it for one plan lifts it
//! for all. So it is left alone as long as a failover of another plan counts on it.

use std::collections::{BTreeMap, BTreeSet};

use super::Request;
use super::found::{Found, Names};
use super::lay::Lay;
use super::model::Model;
use super::sites::Way;
use crate::finding::Code;
use crate::graph::{Action, StepIx};
use crate::id::{PlanName, SiteName};
use crate::run::RunKind;

/// A fence: the fenced site, and the one that keeps it out.
pub type Wall = (SiteName, SiteName);

/// What is known of fences, beside the plan itself.
#[derive(Clone, Debug, Default)]
pub struct Fences {
    /// Those that are up, whether word of them has reached the fenced site or not.
    pub up: BTreeSet<Wall>,
    /// Those on which failovers of other plans count.
    pub needed: BTreeMap<Wall, Vec<PlanName>>,
    /// Those behind which nobody knows what other plans have left. Their reprotects settle that, one after
    /// the other, so that a reprotect does not wait for them; it leaves the fence alone.
    pub unsettled: BTreeMap<Wall, Vec<PlanName>>,
}

/// Whether a run may lift the fence of `by` against `site`. Where another plan needs it, that is said:
/// whoever is the last one to settle with the site lifts it.
pub(super) fn may_lift(
    request: &Request<'_>,
    site: &SiteName,
    by: &SiteName,
    found: &mut Found,
) -> bool {
    let fences = [&request.fences.needed, &request.fences.unsettled];
    let Some(others) = plans_of(&fences, site, by) else { return true };
    found.warning(
        Code::FenceStays,
        format!("{site} stays fenced by {by}: a failover of {others} counts on it"),
        "go on with this run; then do what these plans still owe to the site, which lifts the fence",
    );
    false
}

/// Ways whose end is fenced by their beginning.
pub(super) fn shut(request: &Request<'_>, model: &Model<'_>) -> Vec<Way> {
    let mut ways: Vec<Way> = model.ways.clone();
    ways.retain(|way| is_up(request, model.sites.name(way.to), model.sites.name(way.from)));
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// Lays the steps that lift what still keeps a site out to which a run goes. A replica there was seen to
/// be one before that, so that nothing begins to write.
pub(super) fn let_in(
    request: &Request<'_>,
    model: &Model<'_>,
    lay: &mut Lay,
    shut: &[Way],
    after: StepIx,
    found: &mut Found,
) -> Vec<StepIx> {
    let mut steps = Vec::new();
    for way in shut {
        let (by, site) = (model.sites.name(way.from), model.sites.name(way.to));
        if is_kept_out(request, site, by, found) {
            continue;
        }
        lay.phase(format!("Let {site} in again"));
        let step = lay.step(way.from, Action::Unfence(way.to));
        lay.needs(step, after);
        steps.push(step);
    }
    steps
}

/// Whether another plan counts on a fence against a site that a run needs, which is an error then. A
/// `reprotect` does not wait for those that need one themselves.
pub(super) fn is_kept_out(
    request: &Request<'_>,
    site: &SiteName,
    by: &SiteName,
    found: &mut Found,
) -> bool {
    let mut fences = vec![&request.fences.needed];
    if request.kind != RunKind::Reprotect {
        fences.push(&request.fences.unsettled);
    }
    let Some(others) = plans_of(&fences, site, by) else { return false };
    found.error(
        Code::SiteKeptOut,
        format!("{site} is fenced by {by}, and a failover of {others} counts on that"),
        "do first what these plans still owe to the site, or reprotect them; the last one lets it in again",
    );
    true
}

pub(super) fn is_up(request: &Request<'_>, site: &SiteName, by: &SiteName) -> bool {
    request.fences.up.contains(&(site.clone(), by.clone()))
}

fn plans_of(
    fences: &[&BTreeMap<Wall, Vec<PlanName>>],
    site: &SiteName,
    by: &SiteName,
) -> Option<Names> {
    let wall = (site.clone(), by.clone());
    let plans: Names = fences.iter().filter_map(|of| of.get(&wall)).flatten().collect();
    (plans.count() > 0).then_some(plans)
}
