use std::collections::{BTreeSet, VecDeque};
use std::sync::OnceLock;

use super::*;
use crate::id::SiteName;

fn paris() -> SiteName {
    SiteName::from("paris")
}

/// Every event, with one site and one blocker: more of them behave alike.
fn events() -> Vec<Event> {
    let kinds = [
        (RunKind::Test, false),
        (RunKind::Cleanup, false),
        (RunKind::PlannedMigration, false),
        (RunKind::Failover, false),
        (RunKind::Failover, true),
        (RunKind::Reprotect, false),
    ];
    let mut events: Vec<Event> =
        kinds.map(|(kind, owed_only)| Event::RunStarted { kind, owed_only }).to_vec();
    events.extend([
        Event::CancelRequested,
        Event::RunTurned,
        Event::RunSucceeded,
        Event::RunSucceededOwing { sites: BTreeSet::from([paris()]) },
        Event::RunSucceededLeaving,
        Event::RunHalted,
        Event::RunResumed,
        Event::RunUndone,
        Event::Committed,
        Event::SiteReturned { site: paris() },
        Event::SiteLost { site: paris() },
        Event::OwedDone { site: paris() },
        Event::PlanChanged,
        Event::Blocked { by: Blocker::Prompt },
        Event::Unblocked { by: Blocker::Prompt },
        Event::Flagged { flag: Flag::Partial, on: true },
        Event::Flagged { flag: Flag::Partial, on: false },
    ]);
    events
}

/// Every state that any order of events leads to.
fn reachable() -> &'static BTreeSet<PlanState> {
    static STATES: OnceLock<BTreeSet<PlanState>> = OnceLock::new();
    STATES.get_or_init(|| {
        let events = events();
        let mut seen = BTreeSet::from([PlanState::default()]);
        let mut queue = VecDeque::from([PlanState::default()]);
        while let Some(state) = queue.pop_front() {
            for next in events.iter().filter_map(|event| state.next(event).ok()) {
                if seen.insert(next.clone()) {
                    queue.push_back(next);
                }
            }
        }
        seen
    })
}

fn start_of(action: OperatorAction) -> Option<Event> {
    let (kind, owed_only) = match action {
        OperatorAction::Test => (RunKind::Test, false),
        OperatorAction::Cleanup => (RunKind::Cleanup, false),
        OperatorAction::PlannedMigration => (RunKind::PlannedMigration, false),
        OperatorAction::Failover => (RunKind::Failover, false),
        OperatorAction::OwedSteps => (RunKind::Failover, true),
        OperatorAction::Reprotect => (RunKind::Reprotect, false),
        _ => return None,
    };
    Some(Event::RunStarted { kind, owed_only })
}

/// What an operator can bring about where runs do what they should: one action, then the run's end.
fn operator_moves(state: &PlanState) -> Vec<PlanState> {
    let mut moves = Vec::new();
    if state.is_running() {
        let end =
            if state.phase == Phase::RollingBack { Event::RunUndone } else { Event::RunSucceeded };
        moves.extend(state.next(&end).ok());
    }
    for action in state.allowed() {
        let event = match action {
            OperatorAction::Commit => Event::Committed,
            OperatorAction::Resume => Event::RunResumed,
            OperatorAction::Cancel => Event::CancelRequested,
            OperatorAction::Answer => Event::Unblocked { by: Blocker::Prompt },
            OperatorAction::GiveEvidence => Event::Unblocked { by: Blocker::Gate },
            start => start_of(start).unwrap(),
        };
        moves.push(state.next(&event).unwrap());
    }
    moves
}

fn is_at_rest(state: &PlanState) -> bool {
    state.phase == Phase::Idle && state.run.is_none() && !state.conditions.leftovers
}

#[test]
fn from_every_reachable_state_an_operator_gets_back_to_rest() {
    let states = reachable();
    assert!(states.len() > 500, "the exploration found only {} states", states.len());
    let moves: Vec<(&PlanState, Vec<PlanState>)> =
        states.iter().map(|state| (state, operator_moves(state))).collect();
    let mut safe: BTreeSet<&PlanState> = states.iter().filter(|s| is_at_rest(s)).collect();
    loop {
        let more: Vec<&PlanState> = moves
            .iter()
            .filter(|(state, next)| !safe.contains(state) && next.iter().any(|s| safe.contains(s)))
            .map(|(state, _)| *state)
            .collect();
        if more.is_empty() {
            break;
        }
        safe.extend(more);
    }
    let trapped: Vec<_> =
        states.difference(&safe.into_iter().cloned().collect()).cloned().collect();
    assert!(trapped.is_empty(), "no way out of {trapped:#?}");
}

#[test]
fn what_is_allowed_is_what_next_accepts_and_the_rest_says_why() {
    for state in reachable() {
        for action in OperatorAction::ALL {
            let refused = state.refuses(action);
            assert!(refused.as_ref().is_none_or(|why| why.0.len() > 10), "{refused:?}");
            let event = match action {
                OperatorAction::Commit => Some(Event::Committed),
                OperatorAction::Resume => Some(Event::RunResumed),
                action => start_of(action),
            };
            let Some(event) = event else { continue };
            assert_eq!(refused.is_none(), state.next(&event).is_ok(), "{action} in {state:#?}");
        }
        assert!(
            state.is_running() || !state.allowed().is_empty(),
            "nothing may be done in {state:#?}"
        );
    }
}

#[test]
fn nothing_that_would_break_a_promise_is_reachable() {
    for state in reachable() {
        let running = state.run.is_some();
        match state.phase {
            Phase::Idle | Phase::TestHeld => assert!(!running, "{state:#?}"),
            Phase::CommitHeld | Phase::Recovered => assert!(
                state.run.is_none_or(|run| run.owed_only || run.kind == RunKind::Cleanup),
                "{state:#?}"
            ),
            _ => assert!(running, "{state:#?}"),
        }
        // The direction only turns when nothing is owed, so the old writer is still fenced.
        if state.owes() {
            assert_ne!(state.phase, Phase::Reprotecting, "{state:#?}");
            assert!(state.refuses(OperatorAction::Reprotect).is_some(), "{state:#?}");
        }
        // A site that dies never waits for a test.
        let test = state.run.is_some_and(|run| run.kind == RunKind::Test) && !state.is_running();
        if test || state.phase == Phase::TestHeld {
            assert_eq!(state.refuses(OperatorAction::Failover), None, "{state:#?}");
        }
        assert!(running || state.conditions.blocked.is_empty(), "{state:#?}");
    }
}

#[test]
fn every_srm_name_is_shown_somewhere() {
    let mut facts = vec![SrmFacts::default()];
    let usual = SrmFacts::default();
    facts.extend([
        SrmFacts { link_up: false, ..usual },
        SrmFacts { interrupted: true, ..usual },
        SrmFacts { link_up: false, run_out_of_reach: true, ..usual },
        SrmFacts { no_groups: true, ..usual },
        SrmFacts { directions_differ: true, ..usual },
        SrmFacts { groups_in_use: true, ..usual },
        SrmFacts { deleting: true, ..usual },
        SrmFacts { unreadable: true, ..usual },
    ]);
    let mut states: Vec<PlanState> = reachable().iter().cloned().collect();
    let drifted = Event::Flagged { flag: Flag::Drifted, on: true };
    states.push(PlanState::default().next(&drifted).unwrap());
    let shown: BTreeSet<SrmStatus> =
        states.iter().flat_map(|state| facts.iter().map(|f| state.srm_name(f))).collect();
    let missing: Vec<_> = SrmStatus::ALL.iter().filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "never shown: {missing:?}");
    assert_eq!(SrmStatus::ALL.iter().collect::<BTreeSet<_>>().len(), 27);
    let named = serde_json::to_string(&SrmStatus::RecoverySplitBrain).unwrap();
    assert_eq!(named, r#""RECOVERY_SPLIT_BRAIN""#);
}

/// The plan's way through events, one line each: phase, run, SRM's name, what may be done.
fn story(events: &[Event]) -> String {
    let mut state = PlanState::default();
    let mut lines = vec![line("new", &state)];
    for event in events {
        let word = serde_json::to_string(event).unwrap();
        match state.next(event) {
            Ok(next) => state = next,
            Err(illegal) => {
                lines.push(format!("{word}\n    refused: {illegal}"));
                continue;
            }
        }
        lines.push(line(&word, &state));
    }
    lines.join("\n")
}

fn line(word: &str, state: &PlanState) -> String {
    let allowed: Vec<String> = state.allowed().iter().map(ToString::to_string).collect();
    let srm = serde_json::to_string(&state.srm_name(&SrmFacts::default())).unwrap();
    let (phase, direction) = (state.phase, state.direction);
    format!("{word}\n    {phase:?} {direction:?} {srm}: {}", allowed.join(", "))
}

fn started(kind: RunKind) -> Event {
    Event::RunStarted { kind, owed_only: false }
}

#[test]
fn a_disaster_a_return_and_the_way_back() {
    insta::assert_snapshot!(story(&[
        started(RunKind::Test),
        Event::RunSucceeded,
        started(RunKind::PlannedMigration),
        started(RunKind::Failover),
        Event::Blocked { by: Blocker::Gate },
        Event::Unblocked { by: Blocker::Gate },
        Event::RunSucceededOwing { sites: BTreeSet::from([paris()]) },
        started(RunKind::Reprotect),
        Event::SiteReturned { site: paris() },
        Event::RunStarted { kind: RunKind::Failover, owed_only: true },
        Event::RunHalted,
        Event::RunResumed,
        Event::RunSucceeded,
        started(RunKind::Cleanup),
        Event::RunSucceeded,
        started(RunKind::Failover),
        Event::Committed,
        started(RunKind::Reprotect),
        Event::RunSucceeded,
        started(RunKind::PlannedMigration),
        Event::RunSucceeded,
        started(RunKind::Reprotect),
        Event::RunSucceeded,
    ]));
}

#[test]
fn a_test_that_stops_and_a_migration_that_turns() {
    insta::assert_snapshot!(story(&[
        started(RunKind::Test),
        Event::RunTurned,
        Event::RunHalted,
        started(RunKind::Test),
        started(RunKind::Cleanup),
        Event::RunSucceededLeaving,
        started(RunKind::PlannedMigration),
        Event::CancelRequested,
        Event::RunTurned,
        Event::RunUndone,
        started(RunKind::PlannedMigration),
        Event::RunHalted,
        started(RunKind::Cleanup),
        started(RunKind::Failover),
        Event::RunUndone,
        Event::RunUndone,
        started(RunKind::Reprotect),
    ]));
}

#[test]
fn a_test_proves_the_plan_that_it_started_with() {
    let end = |change: bool| {
        let mut state = PlanState::default().next(&started(RunKind::Test)).unwrap();
        if change {
            state = state.next(&Event::PlanChanged).unwrap();
        }
        state.next(&Event::RunSucceeded).unwrap().conditions.unverified
    };
    assert!(!end(false));
    assert!(end(true));
}

#[test]
fn a_stored_state_reads_back_and_an_old_one_too() {
    for state in reachable().iter().take(300) {
        let json = serde_json::to_string(state).unwrap();
        assert_eq!(serde_json::from_str::<PlanState>(&json).unwrap(), *state, "{json}");
    }
    let old = r#"{"direction":"reversed","phase":"migrating",
        "run":{"kind":"planned-migration","owed_only":false,"going":"halted"}}"#;
    let state: PlanState = serde_json::from_str(&old.replace("owed_only", "owed-only")).unwrap();
    assert!(state.is_reversed() && state.halted().is_some());
}
