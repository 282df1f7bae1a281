//! What is believed, what is seen, and what comes of it.

use std::collections::BTreeSet;

use super::*;
use crate::fixture::fleet;
use crate::inventory::Inventory;

const BOTH: [Direction; 2] = [Direction::Forward, Direction::Reversed];

/// A fleet of a few VMs on replicated storage, with the sight of its groups.
struct Case {
    inventory: Inventory,
    ids: Vec<ConsistencyGroupId>,
    graph: Graph,
    /// VMs that run where the recovery has left.
    back: Back<'static>,
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
        Case { inventory: world.inventory, ids, graph, back: Back::default() }
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
            .map(|id| Sight { id, protected: &paris, here: leg(&paris, id), there: leg(&lyon, id) })
            .collect();
        reckon(believed, graph, &sights, &self.back)
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
            let turned = Stand::Protects(believed.direction().turned());
            // A group that was turned already is one that a reprotect finds done.
            let done = believed == Stand::Recovered(believed.direction()) && seen == turned;
            if believed == seen || done {
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
fn a_reprotect_is_given_up_where_something_has_demoted_what_it_turned() {
    let mut case = Case::new();
    let mut graph = case.graph.clone();
    graph.kind = RunKind::Reprotect;
    let under_way = at(Stand::Recovered(Direction::Forward))
        .next(&crate::state::Event::RunStarted { kind: RunKind::Reprotect, owed_only: false })
        .unwrap();
    case.set_all(Stand::Protects(Direction::Reversed));
    let write = |case: &mut Case, site: &str, writable: bool| {
        let site = case.inventory.sites.get_mut(&SiteName::from(site)).unwrap();
        site.groups.iter_mut().for_each(|leg| leg.writable = writable);
    };
    write(&mut case, "paris", false);
    write(&mut case, "lyon", true);
    assert_eq!(case.reckon(&under_way, Some(&graph)), Reckoning::default(), "it is done");
    write(&mut case, "lyon", false);
    let after = case.reckon(&under_way, Some(&graph));
    assert_eq!((after.gives_up, after.state), (true, Some(at(Stand::ALL[1]))));
    let said = &after.contradictions[0];
    assert!(said.contains("it is turned already and written nowhere"), "{said}");
}

#[test]
fn stretched_groups_whose_vms_have_gone_back_were_turned_round_before() {
    let mut case = Case::new();
    case.set_all(Stand::Protects(Direction::Reversed));
    for site in case.inventory.sites.values_mut() {
        site.groups.iter_mut().for_each(|leg| leg.mode = ReplicationMode::Stretched);
    }
    let recovered = at(Stand::Recovered(Direction::Forward));
    let turning = recovered
        .next(&crate::state::Event::RunStarted { kind: RunKind::Reprotect, owed_only: false })
        .unwrap();
    let mut graph = case.graph.clone();
    graph.kind = RunKind::Reprotect;
    // The legs alone fit both.
    assert_eq!(case.reckon(&recovered, None), Reckoning::default());
    assert_eq!(case.reckon(&turning, Some(&graph)), Reckoning::default());
    let names = vec!["db-1", "db-2", "db-3", "db-4"];
    // A single VM may have been moved by hand, but not in the middle of a reprotect.
    case.back = Back { names: names.clone(), of: 5 };
    assert_eq!(case.reckon(&recovered, None), Reckoning::default());
    assert!(case.reckon(&turning, Some(&graph)).gives_up);
    case.back = Back { names, of: 4 };
    for (believed, run) in [(&recovered, None), (&turning, Some(&graph))] {
        let after = case.reckon(believed, run);
        assert_eq!(after.state, Some(at(Stand::Protects(Direction::Reversed))));
        assert_eq!(after.gives_up, run.is_some());
        let said = "VMs that the recovery has taken away run at the old site again: db-1, db-2, db-3 and 1 more";
        assert_eq!(after.contradictions, [said]);
    }
    // A group that was never turned round says that something else is the matter.
    let generation = case.graph.groups[0].generation;
    case.set(0, (ReplicaRole::RemoteFailedOver, ReplicaRole::FailedOver), generation + 1);
    assert_eq!(case.reckon(&recovered, None), Reckoning::default());
}

#[test]
fn a_run_is_given_up_where_its_source_was_promoted_by_others_since() {
    let mut case = Case::new();
    let mut graph = case.graph.clone();
    graph.kind = RunKind::PlannedMigration;
    let under_way = PlanState::default()
        .next(&crate::state::Event::RunStarted { kind: graph.kind, owed_only: false })
        .unwrap();
    let raise = |case: &mut Case, by: u64| {
        let paris = case.inventory.sites.get_mut(&SiteName::from("paris")).unwrap();
        paris.groups.iter_mut().for_each(|leg| leg.generation += by);
    };
    raise(&mut case, 1);
    assert_eq!(case.reckon(&under_way, Some(&graph)), Reckoning::default(), "it undoes itself");
    // A live move turns its group there and back.
    raise(&mut case, 2);
    let mut live = graph.clone();
    live.vms.iter_mut().for_each(|vm| vm.method = crate::mobility::Method::VMotion);
    assert_eq!(case.reckon(&under_way, Some(&live)), Reckoning::default());
    let after = case.reckon(&under_way, Some(&graph));
    assert_eq!((after.gives_up, after.state), (true, Some(at(Stand::ALL[0]))));
    let said = &after.contradictions[0];
    assert!(said.contains("at most"), "{said}");
}

#[test]
fn groups_of_a_run_are_seen_where_no_vm_makes_them_members() {
    let case = Case::new();
    let both = |direction| {
        let none: [&DerivedGroup; 0] = [];
        sights(&case.inventory, none, Some((&case.graph, direction)), |_| true)
    };
    for (direction, site) in BOTH.into_iter().zip(["paris", "lyon"]) {
        let seen = both(direction);
        assert_eq!(seen.len(), case.ids.len());
        assert!(seen.iter().all(|s| s.protected.as_str() == site && s.here.is_some()));
    }
}

#[test]
fn who_has_gone_back_is_seen_where_both_sites_answer_and_nothing_is_owed() {
    let world = fleet(40);
    let derivation = world.derive();
    let back = |state: &PlanState, silent: &str| {
        let (groups, none) = (derivation.groups.values(), BTreeSet::new());
        moved_back(state, groups, &none, |site| site.as_str() != silent).names.len()
    };
    let all: usize = derivation.groups.values().map(|group| group.inside().count()).sum();
    let mut recovered = at(Stand::Recovered(Direction::Forward));
    assert_eq!(back(&recovered, ""), all, "the fleet runs at paris");
    assert_eq!(back(&at(Stand::Recovered(Direction::Reversed)), ""), 0);
    assert_eq!(back(&at(Stand::Protects(Direction::Forward)), ""), 0);
    for silent in ["paris", "lyon"] {
        assert_eq!(back(&recovered, silent), 0);
    }
    recovered.conditions.owed.insert("paris".into(), true);
    assert_eq!(back(&recovered, ""), 0, "old instances are still to be cleared away");
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

#[test]
fn a_recovery_that_is_written_nowhere_has_to_be_done_again() {
    let mut case = Case::new();
    case.set_all(Stand::Recovered(Direction::Forward));
    let write = |case: &mut Case, site: &str, writable: bool| {
        let site = case.inventory.sites.get_mut(&SiteName::from(site)).unwrap();
        site.groups.iter_mut().for_each(|leg| leg.writable = writable);
    };
    let recovered = at(Stand::Recovered(Direction::Forward));
    let started = |kind, owed_only| {
        recovered.next(&crate::state::Event::RunStarted { kind, owed_only }).unwrap()
    };
    let mut graph = case.graph.clone();
    graph.kind = RunKind::Reprotect;
    let reprotect = (started(RunKind::Reprotect, false), Some(graph));
    let owing = PlanState {
        conditions: Conditions { owed: [("paris".into(), true)].into(), ..Conditions::default() },
        ..recovered.clone()
    };
    let owed =
        owing.next(&crate::state::Event::RunStarted { kind: RunKind::Failover, owed_only: true });
    let owed = (owed.unwrap(), Some(case.graph.clone()));
    write(&mut case, "paris", false);
    for (believed, run) in [(recovered.clone(), None), reprotect, owed] {
        write(&mut case, "lyon", true);
        assert_eq!(case.reckon(&believed, run.as_ref()), Reckoning::default(), "it is written");
        write(&mut case, "lyon", false);
        let after = case.reckon(&believed, run.as_ref());
        let state = after.state.unwrap();
        assert_eq!(
            (state.phase, state.halted().map(|run| run.kind)),
            (Phase::FailingOver, Some(RunKind::Failover))
        );
        assert_eq!((state.direction, after.gives_up), (Direction::Forward, run.is_some()));
        assert_eq!(state.refusal(RunKind::Failover, false), None, "a failover leads on");
        assert_eq!(case.reckon(&state, None), Reckoning::default(), "and it stays so");
        let said = "it was recovered at the recovery site and is written nowhere: something else has demoted it since";
        assert!(after.contradictions[0].ends_with(said), "{}", after.contradictions[0]);
    }
}
