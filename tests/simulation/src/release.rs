//! The end of a hold: a person lets a server go on whose database was put back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use muster_contract::{FenceDomain, Outcome, Token};
use muster_engine::{Sites, StartError};
use muster_plans::group;
use muster_plans::guard::{Guard, holds};
use muster_plans::id::SiteName;
use muster_plans::state::{Reckoning, moved_back, reckon, sights};

use crate::operator::{ines, is_off};
use crate::server::Core;
use crate::standing::Standing;
use crate::watch::Sight;

/// For how long a site is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// First every site is told of the new incarnation, but for those that are known to be off; then it is
/// read, and the database is set against what is there.
pub(crate) async fn release(core: &Arc<Core>) {
    let incarnation = core.shared.lock().incarnation;
    let mut untold = BTreeSet::new();
    for site in &core.scene.all_sites() {
        if tell(core, site).await {
            continue;
        }
        if !is_off(core, site) {
            core.watch.note("ines", format_args!("does not let go on: {site} was not told"));
            return;
        }
        untold.insert(site.clone());
    }
    let answered = core.look_at_sites().await;
    if let Some(unread) =
        core.scene.all_sites().into_iter().find(|s| !untold.contains(s) && !answered.contains(s))
    {
        core.watch.note("ines", format_args!("does not let go on: {unread} was not read"));
        return;
    }
    if !reckon_with(core, &answered).await {
        return;
    }
    let silent: Vec<SiteName> = untold.iter().cloned().collect();
    {
        let mut database = core.shared.lock();
        // It has died meanwhile, or the database was put back once more.
        if core.life.is_dead() || database.incarnation != incarnation {
            return;
        }
        database.let_go(untold);
    }
    core.watch.note("ines", format_args!("lets {} go on", core.life.name));
    core.watch.judge(&Sight::Released(incarnation, &silent));
}

/// Sets where the plan stands against what the sites hold now. `false`: not now, because a run cannot be
/// given up yet.
pub(crate) async fn reckon_with_sites(core: &Arc<Core>) -> bool {
    let answered = core.look_at_sites().await;
    reckon_with(core, &answered).await
}

async fn reckon_with(core: &Core, answered: &BTreeSet<SiteName>) -> bool {
    let (standing, inventory) = {
        let database = core.shared.lock();
        (database.standing.clone(), crate::start::inventory(&database.reported))
    };
    let graph = standing
        .active
        .and_then(|run| core.shared.lock().runs.get(&run).map(|row| Arc::clone(&row.graph)));
    let derivation = group::derive(&core.scene.config, &inventory);
    let run = graph.as_deref().map(|graph| (graph, standing.state.direction));
    let sights =
        sights(&inventory, derivation.groups.values(), run, |site| answered.contains(site));
    let groups = derivation.groups.values();
    let none = BTreeSet::new();
    let back = moved_back(&standing.state, groups, &none, |site| answered.contains(site));
    let reckoning = match holds(Guard::Reckoned) {
        true => reckon(&standing.state, graph.as_deref(), &sights, &back),
        false => Reckoning::default(),
    };
    settle(core, standing, reckoning).await
}

/// Raises the fence of a site to this life of the journal.
pub(crate) async fn tell(core: &Core, site: &SiteName) -> bool {
    if !holds(Guard::RaiseAfterRestore) {
        return true;
    }
    let floor = Token { incarnation: core.shared.lock().incarnation, epoch: 0, seq: 0 };
    let Some(adapter) = core.lines.adapter(site) else { return false };
    let domain = FenceDomain { site: site.clone(), group: None };
    let told = tokio::time::timeout(PATIENCE, adapter.raise_fence(&domain, floor)).await;
    let done = matches!(told, Ok(Outcome::Done(_)));
    if done {
        core.watch.judge(&Sight::Told(site, floor.incarnation));
    }
    done
}

/// The storage is right. `false`: not now, because a run cannot be given up yet.
async fn settle(core: &Core, standing: Standing, reckoning: Reckoning) -> bool {
    let Some(state) = reckoning.state else { return true };
    let given_up = standing.active.filter(|_| reckoning.gives_up);
    core.watch.note(
        "ines",
        format_args!(
            "sees that {}; the plan is {:?} {:?} from now on",
            reckoning.contradictions.join("; "),
            state.phase,
            state.direction
        ),
    );
    if let Some(run) = given_up {
        // As in the server.
        let opened = core.shared.lock().open_again(run);
        let Some(graph) = opened else { return false };
        let why = String::from("the sites hold something else");
        match core.engine.abandon(run, &graph, ines(), why).await {
            Ok(()) | Err(StartError::Empty | StartError::Over(_)) => {}
            Err(error) => {
                core.watch.note("ines", format_args!("cannot give it up: {error}"));
                return false;
            }
        }
    }
    let next = Standing { state, active: None, version: standing.version + 1, ..standing };
    core.shared.lock().reckoned(given_up, next);
    true
}
