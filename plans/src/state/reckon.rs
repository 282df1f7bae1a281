//! Where a plan stands by what its storage says, for a server whose journal has lost its end.
//!
//! A restored database believes what was true when the backup was made. The storage knows which way it
//! replicates and which side was promoted, so that is what a plan's state is set against: where both
//! agree nothing is touched, and a run that is under way goes on by its journal. Where they do not, the
//! storage is right, and a run that cannot have led there is given up.

use std::fmt;

use super::{ActiveRun, Began, Conditions, Direction, Going, Phase, PlanState};
use crate::graph::Graph;
use crate::id::{ConsistencyGroupId, SiteName};
use crate::inventory::{ConsistencyGroup, ReplicaRole, ReplicationMode};
use crate::run::RunKind;

/// Where one group, or a whole plan, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stand {
    /// One side writes and the other receives.
    Protects(Direction),
    /// The receiving side of this direction was promoted, and nothing protects the other way yet.
    Recovered(Direction),
}

impl Stand {
    /// The direction of it.
    pub fn direction(self) -> Direction {
        match self {
            Stand::Protects(direction) | Stand::Recovered(direction) => direction,
        }
    }

    /// In the order in which one is taken where several fit.
    pub const ALL: [Stand; 4] = [
        Stand::Protects(Direction::Forward),
        Stand::Protects(Direction::Reversed),
        Stand::Recovered(Direction::Forward),
        Stand::Recovered(Direction::Reversed),
    ];
}

impl fmt::Display for Stand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stand::Protects(Direction::Forward) => "protects as its documents say",
            Stand::Protects(Direction::Reversed) => "protects the other way round",
            Stand::Recovered(Direction::Forward) => "was recovered at the recovery site",
            Stand::Recovered(Direction::Reversed) => "was recovered back at the protected site",
        })
    }
}

/// What was read of one group. The legs are those of its documents, whichever way it goes now.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Which group.
    pub id: &'a ConsistencyGroupId,
    /// Its protected site, by the documents.
    pub protected: &'a SiteName,
    /// Its recovery site, by the documents.
    pub recovery: &'a SiteName,
    /// The leg at the protected site; `None`: that site does not answer.
    pub here: Option<&'a ConsistencyGroup>,
    /// The leg at the recovery site; `None`: that site does not answer.
    pub there: Option<&'a ConsistencyGroup>,
}

/// What is to be done about a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    /// The state takes the place of the one that was believed; `None`: that one holds.
    pub state: Option<PlanState>,
    /// The run that is under way, or halted, cannot have led to what is there: it is given up.
    pub gives_up: bool,
    /// What does not fit, in words, one group or plan each.
    pub contradictions: Vec<String>,
}

/// Sets what is believed of a plan against what was read. `run` is the graph of the run that is under
/// way or halted.
///
/// A group of which neither site answers says nothing. Where the groups fit no common state the plan
/// stands half-way: through a reprotect, which is then simply not done yet, or through a failover.
pub fn reckon(believed: &PlanState, run: Option<&Graph>, seen: &[Sight<'_>]) -> Reckoning {
    let seen: Vec<(&Sight<'_>, Vec<Stand>)> = seen
        .iter()
        .filter(|sight| sight.here.is_some() || sight.there.is_some())
        .map(|sight| (sight, stands(sight)))
        .collect();
    let mut contradictions = Vec::new();
    if let Some(graph) = run {
        contradictions.extend(seen.iter().filter_map(|(sight, _)| against(graph, sight)));
        if contradictions.is_empty() {
            return Reckoning::default();
        }
    }
    let common = |stand: &Stand| seen.iter().all(|(_, stands)| stands.contains(stand));
    let expected = expected(believed);
    let half_way = half_way(believed);
    let between = |stands: &[Stand]| {
        let recovered = Stand::Recovered(believed.direction);
        stands.is_empty() || stands.contains(&expected) || stands.contains(&recovered)
    };
    let fits = |stands: &[Stand]| stands.contains(&expected) || (half_way && between(stands));
    if run.is_none() && seen.iter().all(|(_, stands)| fits(stands)) {
        return Reckoning::default();
    }
    let found =
        if common(&expected) { Some(expected) } else { Stand::ALL.into_iter().find(common) };
    let found = found.or_else(|| half_turned(&seen));
    if run.is_none() {
        let differing = seen.iter().filter(|(_, stands)| !fits(stands));
        contradictions.extend(differing.map(|(sight, stands)| differs(sight, stands, expected)));
    }
    let state = found.map_or_else(|| torn(believed, &seen), |stand| standing(believed, stand));
    Reckoning { state: Some(state), gives_up: run.is_some(), contradictions }
}

/// Where a plan stands that has no run under way.
fn expected(believed: &PlanState) -> Stand {
    match believed.phase {
        Phase::CommitHeld | Phase::Recovered | Phase::Reprotecting => {
            Stand::Recovered(believed.direction)
        }
        _ => Stand::Protects(believed.direction),
    }
}

/// In the middle of a reprotect some groups protect the other way already: the plan is recovered, and the
/// reprotect that is started again finds them done.
fn half_turned(seen: &[(&Sight<'_>, Vec<Stand>)]) -> Option<Stand> {
    [Direction::Forward, Direction::Reversed].into_iter().map(Stand::Recovered).find(|recovered| {
        let turned = Stand::Protects(recovered.direction().turned());
        seen.iter().all(|(_, stands)| stands.contains(recovered) || stands.contains(&turned))
    })
}

/// A run had stopped half-way and was over: its groups have gone, or wait, or are between the two.
fn half_way(believed: &PlanState) -> bool {
    matches!(believed.phase, Phase::Migrating | Phase::FailingOver | Phase::RollingBack)
}

/// Where a group may stand by its legs. A stretched group whose preference was turned looks like one
/// that protects the other way and like one that was recovered: it is both.
fn stands(sight: &Sight<'_>) -> Vec<Stand> {
    let role = |leg: Option<&ConsistencyGroup>| leg.map(|leg| leg.role);
    let stretched = [sight.here, sight.there]
        .into_iter()
        .flatten()
        .any(|leg| leg.mode == ReplicationMode::Stretched);
    let (here, there) = (role(sight.here), role(sight.there));
    let all = [(Direction::Forward, here, there), (Direction::Reversed, there, here)];
    let mut found = Vec::new();
    for (direction, from, to) in all {
        if sends(from) != Some(false) && receives(to) != Some(false) {
            found.push(Stand::Protects(direction));
            if stretched {
                found.push(Stand::Recovered(direction.turned()));
            }
        }
        // The side that was given up may not have been told yet: it still believes that it sends.
        if to
            .map_or(from == Some(ReplicaRole::RemoteFailedOver), |to| to == ReplicaRole::FailedOver)
            && from != Some(ReplicaRole::FailedOver)
        {
            found.push(Stand::Recovered(direction));
        }
    }
    found.sort_unstable();
    found
}

/// `None`: not known.
fn sends(role: Option<ReplicaRole>) -> Option<bool> {
    role.map(|role| role == ReplicaRole::Source)
}

fn receives(role: Option<ReplicaRole>) -> Option<bool> {
    role.map(|role| matches!(role, ReplicaRole::Target | ReplicaRole::InTest))
}

/// Why a run cannot have led to what was read of a group; `None`: it can, or it has no such group.
///
/// Two things tell: where the group stands, and how often its copies were promoted. A run promotes once
/// at most, so a higher generation is the work of another run of which the journal knows nothing.
fn against(graph: &Graph, sight: &Sight<'_>) -> Option<String> {
    let target = graph.groups.iter().find(|group| group.id == *sight.id)?;
    let forward = graph.site(target.from) == sight.protected;
    let direction = if forward { Direction::Forward } else { Direction::Reversed };
    let (protects, recovered) = (Stand::Protects(direction), Stand::Recovered(direction));
    let fitting: &[Stand] = match graph.kind {
        RunKind::PlannedMigration | RunKind::Failover => &[protects, recovered],
        RunKind::Reprotect => &[recovered, Stand::Protects(direction.turned())],
        // A test and its cleanup touch no role, and stand beside whatever is there.
        RunKind::Test | RunKind::Cleanup => return None,
    };
    let stands = stands(sight);
    // Between two roles in the middle of a migration a group may stand nowhere.
    let nowhere = stands.is_empty() && graph.kind != RunKind::Reprotect;
    if !nowhere && !stands.iter().any(|stand| fitting.contains(stand)) {
        return Some(format!(
            "group {}: a {} leads to no such place: it {}",
            sight.id,
            graph.kind,
            words(&stands)
        ));
    }
    let to = if forward { sight.there } else { sight.here };
    let promoted = to.map_or(0, |leg| leg.generation);
    // A reprotect may raise it once more when it turns the direction.
    let most =
        target.generation.saturating_add(if graph.kind == RunKind::Reprotect { 2 } else { 1 });
    (promoted > most).then(|| {
        format!(
            "group {}: its copy at {} is of generation {promoted}, and this {} makes it {most} at most",
            sight.id,
            graph.site(target.to),
            graph.kind
        )
    })
}

fn words(stands: &[Stand]) -> String {
    match stands {
        [] => String::from("is between two states"),
        many => many.iter().map(Stand::to_string).collect::<Vec<_>>().join(", or "),
    }
}

fn differs(sight: &Sight<'_>, stands: &[Stand], expected: Stand) -> String {
    format!(
        "group {}: the database says that it {expected}; the storage says that it {}",
        sight.id,
        words(stands)
    )
}

/// The state for where the storage stands.
fn standing(believed: &PlanState, stand: Stand) -> PlanState {
    let phase = match stand {
        Stand::Protects(_) => Phase::Idle,
        Stand::Recovered(_) => Phase::Recovered,
    };
    let direction = stand.direction();
    PlanState { direction, phase, run: None, conditions: conditions(believed, stand) }
}

/// The groups fit no common state: as after a failover that stopped in the middle. Its direction is the
/// one in which each group either waits or has gone already, where there is one.
fn torn(believed: &PlanState, seen: &[(&Sight<'_>, Vec<Stand>)]) -> PlanState {
    let run = ActiveRun {
        kind: RunKind::Failover,
        owed_only: false,
        going: Going::Halted,
        began: Began::AtRest,
        stale: false,
    };
    let goes = |direction: &Direction| {
        let (waits, gone) = (Stand::Protects(*direction), Stand::Recovered(*direction));
        seen.iter().all(|(_, stands)| stands.contains(&waits) || stands.contains(&gone))
    };
    let ways = [believed.direction, believed.direction.turned()];
    let direction = ways.into_iter().find(goes).unwrap_or(believed.direction);
    let conditions = conditions(believed, Stand::Protects(direction));
    PlanState { direction, phase: Phase::FailingOver, run: Some(run), conditions }
}

/// What is left over of a test stays noted: clearing it away where nothing is there does no harm. What is
/// owed belongs to one recovery: it stays noted where that one stands.
fn conditions(believed: &PlanState, stand: Stand) -> Conditions {
    let held = matches!(believed.phase, Phase::Testing | Phase::TestHeld | Phase::Cleaning);
    let leftovers = believed.may_have_leftovers() || held;
    let mut conditions = believed.conditions.clone();
    conditions.blocked.clear();
    if stand != Stand::Recovered(believed.direction) {
        conditions.owed.clear();
    }
    Conditions { leftovers, unverified: true, ..conditions }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fleet;
    use crate::inventory::Inventory;

    const BOTH: [Direction; 2] = [Direction::Forward, Direction::Reversed];

    /// A fleet of a few VMs on replicated storage, with the sight of its groups.
    struct Case {
        inventory: Inventory,
        ids: Vec<ConsistencyGroupId>,
        graph: Graph,
    }

    impl Case {
        fn new() -> Case {
            let world = fleet(40);
            let derivation = world.derive();
            let plan = "all".into();
            let request = world.request(&plan, &derivation, RunKind::Failover);
            let mut graph = crate::compile::compile(&request).unwrap().graph;
            graph.groups.retain(|group| group.mode != ReplicationMode::Stretched);
            let ids = graph.groups.iter().map(|group| group.id.clone()).collect();
            Case { inventory: world.inventory, ids, graph }
        }

        /// Gives a group its roles at both sites, and the recovery site's leg a generation.
        fn set(&mut self, ix: usize, roles: (ReplicaRole, ReplicaRole), generation: u64) {
            for (site, role) in [("paris", roles.0), ("lyon", roles.1)] {
                let site = self.inventory.sites.get_mut(&SiteName::from(site)).unwrap();
                let leg = site.groups.iter_mut().find(|leg| leg.id == self.ids[ix]).unwrap();
                leg.role = role;
                leg.generation = generation;
            }
        }

        fn set_all(&mut self, stand: Stand) {
            for ix in 0..self.ids.len() {
                let generation = self.graph.groups[ix].generation;
                let (protects, recovered) = (
                    (ReplicaRole::Source, ReplicaRole::Target),
                    (ReplicaRole::RemoteFailedOver, ReplicaRole::FailedOver),
                );
                let turn = |(from, to)| (to, from);
                let (roles, raised) = match stand {
                    Stand::Protects(Direction::Forward) => (protects, 0),
                    Stand::Protects(Direction::Reversed) => (turn(protects), 0),
                    Stand::Recovered(Direction::Forward) => (recovered, 1),
                    Stand::Recovered(Direction::Reversed) => (turn(recovered), 1),
                };
                self.set(ix, roles, generation + raised);
            }
        }

        fn reckon(&self, believed: &PlanState, graph: Option<&Graph>) -> Reckoning {
            let (paris, lyon) = (SiteName::from("paris"), SiteName::from("lyon"));
            let leg = |site: &SiteName, id: &ConsistencyGroupId| {
                self.inventory.sites[site].groups.iter().find(|leg| leg.id == *id)
            };
            let sights: Vec<Sight<'_>> = self
                .ids
                .iter()
                .map(|id| Sight {
                    id,
                    protected: &paris,
                    recovery: &lyon,
                    here: leg(&paris, id),
                    there: leg(&lyon, id),
                })
                .collect();
            reckon(believed, graph, &sights)
        }
    }

    fn at(stand: Stand) -> PlanState {
        standing(&PlanState::default(), stand)
    }

    #[test]
    fn where_both_agree_nothing_is_touched_and_where_not_the_storage_is_right() {
        let mut case = Case::new();
        assert!(case.ids.len() >= 2, "{} groups", case.ids.len());
        for believed in Stand::ALL {
            for seen in Stand::ALL {
                case.set_all(seen);
                let reckoning = case.reckon(&at(believed), None);
                if believed == seen {
                    assert_eq!(reckoning, Reckoning::default(), "{seen}");
                } else {
                    assert_eq!(reckoning.state, Some(at(seen)), "believed {believed}, seen {seen}");
                    assert_eq!(reckoning.contradictions.len(), case.ids.len());
                    assert!(!reckoning.gives_up);
                }
            }
        }
        let said = case.reckon(&at(Stand::ALL[0]), None).contradictions.remove(0);
        let tail = "the database says that it protects as its documents say; the storage says that it was \
                    recovered back at the protected site";
        assert!(said.ends_with(tail), "{said}");
    }

    #[test]
    fn a_run_is_given_up_where_it_cannot_have_led() {
        let mut case = Case::new();
        let graph = case.graph.clone();
        let under_way = PlanState::default()
            .next(&crate::state::Event::RunStarted { kind: RunKind::Failover, owed_only: false })
            .unwrap();
        let of = |case: &Case| case.reckon(&under_way, Some(&graph));
        // Not begun, done, and in between.
        for seen in [Stand::ALL[0], Stand::ALL[2]] {
            case.set_all(seen);
            assert_eq!(of(&case), Reckoning::default(), "{seen}");
        }
        let generation = graph.groups[0].generation;
        case.set(0, (ReplicaRole::Source, ReplicaRole::Target), generation);
        assert_eq!(of(&case), Reckoning::default(), "one is not promoted yet");
        // Others went on: a reprotect after it, or one more promotion.
        case.set_all(Stand::Protects(Direction::Reversed));
        let after = of(&case);
        assert_eq!((after.gives_up, after.state), (true, Some(at(Stand::ALL[1]))));
        case.set_all(Stand::Recovered(Direction::Forward));
        case.set(0, (ReplicaRole::RemoteFailedOver, ReplicaRole::FailedOver), generation + 3);
        let after = of(&case);
        assert!(after.gives_up && after.contradictions.len() == 1, "{after:?}");
        assert_eq!(after.state, Some(at(Stand::ALL[2])));
    }

    #[test]
    fn a_reprotect_that_was_half_way_is_not_done_yet() {
        let mut case = Case::new();
        case.set_all(Stand::Recovered(Direction::Forward));
        case.set(0, (ReplicaRole::Target, ReplicaRole::Source), 9);
        let mut believed = PlanState::default();
        believed.conditions.owed.insert(SiteName::from("paris"), true);
        let state = case.reckon(&believed, None).state.unwrap();
        assert_eq!((state.phase, state.direction), (Phase::Recovered, Direction::Forward));
        let believed = PlanState { phase: Phase::Recovered, ..believed };
        case.set_all(Stand::Protects(Direction::Forward));
        assert!(!case.reckon(&believed, None).state.unwrap().owes(), "nothing was recovered");
    }

    #[test]
    fn groups_that_fit_nowhere_together_are_half_way_and_silent_sites_say_nothing() {
        let mut case = Case::new();
        case.set_all(Stand::Protects(Direction::Forward));
        case.set(0, (ReplicaRole::RemoteFailedOver, ReplicaRole::FailedOver), 9);
        let torn = case.reckon(&PlanState::default(), None).state.unwrap();
        assert_eq!(
            (torn.phase, torn.halted().map(|run| run.kind)),
            (Phase::FailingOver, Some(RunKind::Failover))
        );
        assert_eq!(torn.refusal(RunKind::Failover, false), None, "a failover leads on");
        assert_eq!(case.reckon(&torn, None), Reckoning::default(), "and it stays so");
        case.inventory.sites.values_mut().for_each(|site| site.groups.clear());
        for direction in BOTH {
            let believed = at(Stand::Recovered(direction));
            assert_eq!(case.reckon(&believed, None), Reckoning::default());
        }
    }

    /// The failed site is silent, or still believes that it sends.
    #[test]
    fn the_surviving_side_alone_tells_of_a_failover() {
        let mut case = Case::new();
        for ix in 0..case.ids.len() {
            case.set(ix, (ReplicaRole::Source, ReplicaRole::FailedOver), 5);
        }
        let recovered = Some(at(Stand::Recovered(Direction::Forward)));
        assert_eq!(case.reckon(&PlanState::default(), None).state, recovered);
        case.inventory.sites.get_mut(&SiteName::from("paris")).unwrap().groups.clear();
        assert_eq!(case.reckon(&PlanState::default(), None).state, recovered);
    }
}
