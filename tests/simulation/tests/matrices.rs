//! The matrices: they have every cell, a cell is what it says, and one that is not hit is told.
//!
//! All cells are played by `muster-sim` (see `tests/run`); here are a few.

use muster_adapter_sim::{FaultId, Moment};
use muster_contract::OperationKind;
use muster_simulation::{Fate, Matrix, matrix, story, tally};

#[test]
fn every_fault_and_moment_of_an_operation_is_a_cell() {
    let cells = matrix(Matrix::Faults, 1, Some("fence-site"), 2).unwrap();
    assert_eq!(cells.len(), FaultId::ALL.len() * Moment::ALL.len());
    let tally = tally(&cells, "muster-sim --matrix faults --only");
    assert_eq!(tally.failed, 0, "{}", tally.text);
    insta::assert_snapshot!(tally.text);
}

#[test]
fn an_operation_that_no_step_asks_for_says_so() {
    let cells = matrix(Matrix::Faults, 1, Some("rescan/F1"), 1).unwrap();
    let all = cells.iter().all(|cell| matches!(cell.fate, Fate::NotApplicable(_)));
    assert!(all, "{cells:#?}");
    assert!(matrix(Matrix::Faults, 1, Some("resca"), 1).is_err());
}

#[test]
fn a_cell_tells_its_story() {
    let report = story(Matrix::Faults, 1, "promote/F6/during").unwrap();
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
        let cells = matrix(Matrix::Partitions, 1, Some(name), 1).unwrap();
        assert!(matches!(cells[0].fate, Fate::Passed | Fate::Refused), "{cells:?}");
        let told = story(Matrix::Partitions, 1, name).unwrap().told;
        assert!(told.cut, "{name}: {told:?}");
    }
}

#[test]
fn a_cell_that_is_not_hit_fails() {
    let mut cells = matrix(Matrix::Partitions, 1, Some("test/before/1"), 1).unwrap();
    cells[0].fate = Fate::Missed(String::from("nothing was cut"));
    let tally = tally(&cells, "muster-sim --matrix partitions --only");
    assert_eq!(tally.failed, 1);
    insta::assert_snapshot!(tally.text);
}
