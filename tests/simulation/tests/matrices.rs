//! The matrices: they have every cell, a cell is what it says, and one that is not hit is told.
//!
//! All cells are played by `muster-sim` (see `tests/run`); here are a few.

use std::collections::BTreeSet;

use muster_adapter_sim::{FaultId, Moment};
use muster_contract::OperationKind;
use muster_simulation::{
    Act, Ask, Cell, Fate, Matrix, Options, Plot, Setting, matrix, play, story, tally,
};

fn ask(only: &str) -> Ask<'_> {
    Ask { seed: 1, only: Some(only), jobs: 2, part: None, whole: false }
}

fn cells(which: Matrix, only: &str) -> Vec<Cell> {
    matrix(which, &ask(only)).expect("there are such cells")
}

#[test]
fn every_fault_and_moment_of_an_operation_is_a_cell() {
    let found = cells(Matrix::Faults, "fence-site");
    assert_eq!(found.len(), FaultId::ALL.len() * Moment::ALL.len());
    let tally = tally(&found, "muster-sim --matrix faults --only");
    assert_eq!(tally.failed, 0, "{}", tally.text);
    insta::assert_snapshot!(tally.text);
}

#[test]
fn an_operation_that_no_step_asks_for_says_so() {
    let found = cells(Matrix::Faults, "rescan/F1");
    let all = found.iter().all(|cell| matches!(cell.fate, Fate::NotApplicable(_)));
    assert!(all, "{found:#?}");
    assert!(matrix(Matrix::Faults, &ask("resca")).is_err());
}

#[test]
fn a_cell_tells_its_story() {
    let report = story(Matrix::Faults, &ask("promote/F6/during"), "promote/F6/during").unwrap();
    let hits = &report.told.hits;
    assert_eq!(hits.len(), 1, "{hits:?}");
    assert_eq!((hits[0].kind, hits[0].fault), (OperationKind::Promote, FaultId::F6));
    let heard = format!("hears of {}: done", hits[0].op);
    assert!(report.story.iter().any(|line| line.contains(&heard)), "{:#?}", report.story);
    // It was said to be done, was not, and was done by another attempt.
    let effects = &report.told.effects;
    assert!(effects.iter().all(|effect| effect.op != hits[0].op), "{effects:?}");
}

#[test]
fn what_is_cut_is_cut_while_the_run_is_under_way() {
    for name in ["failover/before/63", "planned/half-way/2", "split/before/15"] {
        let found = cells(Matrix::Partitions, name);
        assert!(matches!(found[0].fate, Fate::Passed | Fate::Refused), "{found:?}");
        let told = story(Matrix::Partitions, &ask(name), name).unwrap().told;
        assert!(told.cut, "{name}: {told:?}");
    }
}

#[test]
fn a_cell_that_is_not_hit_fails() {
    let mut found = cells(Matrix::Partitions, "test/before/1");
    found[0].fate = Fate::Missed(String::from("nothing was cut"));
    let tally = tally(&found, "muster-sim --matrix partitions --only");
    assert_eq!(tally.failed, 1);
    insta::assert_snapshot!(tally.text);
}

#[test]
fn every_point_and_step_of_the_smallest_example_is_hit() {
    for which in [Matrix::Crashes, Matrix::Refusals, Matrix::Undos, Matrix::Doubles] {
        let found = cells(which, "wiki.planned");
        let tally = tally(&found, "muster-sim --only");
        assert_eq!(tally.failed, 0, "{which:?}: {}", tally.text);
        let hit = found.iter().filter(|cell| matches!(cell.fate, Fate::Passed)).count();
        assert!(hit > 2, "{which:?}: {}", tally.text);
    }
}

#[test]
fn a_second_crash_changes_the_owner_again() {
    let found = cells(Matrix::Seconds, "wiki.cleanup/run/intent-after");
    assert!(found.len() > 5, "{}", found.len());
    assert!(found.iter().all(|cell| matches!(cell.fate, Fate::Passed)), "{found:#?}");
}

#[test]
fn the_smallest_worlds_have_every_kind_of_step_of_the_demo() {
    let kinds = |setting, whole| {
        let plot = Plot { setting, whole, act: Act::Planned, refused: None, trouble: None };
        let options = Options { plot: Some(plot), faults: Vec::new(), ..Options::default() };
        let graph = play(1, &options).unwrap().told.graph.unwrap();
        let kinds = (0..graph.len() as u32).map(|step| graph.step(step).action.kind());
        kinds.collect::<BTreeSet<_>>()
    };
    for setting in [Setting::Shop, Setting::Bank, Setting::Archive] {
        assert_eq!(kinds(setting, false), kinds(setting, true), "{setting:?}");
    }
}
