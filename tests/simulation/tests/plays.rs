//! The simulation itself: it is repeatable, it does what it says, and it notices what it is for.
//!
//! The thousands of seeds of a change are played by `muster-sim` (see `tests/run`); here are a few, so
//! that a plain `cargo test` plays some as well.

use muster_simulation::{Crash, Mode, Options, Place, Store, Workflow, play, sweep};

#[test]
fn the_same_seed_plays_the_same() {
    for seed in 0..12 {
        let (one, two) = (play(seed, &Options::default()), play(seed, &Options::default()));
        assert_eq!(one.unwrap().digest, two.unwrap().digest, "seed {seed}");
    }
}

#[test]
fn the_products_store_on_sqlite_does_as_the_plain_values_do() {
    let mut commits = 0;
    for seed in 0..6 {
        let plain = play(seed, &Options::default()).unwrap();
        let sqlite = play(seed, &Options { store: Store::Sqlite, ..Options::default() }).unwrap();
        assert_eq!(sqlite.broken, None, "seed {seed}");
        assert_eq!(sqlite.digest, plain.digest, "seed {seed}");
        commits += sqlite.commits;
    }
    assert!(commits > 100, "{commits}");
}

#[test]
fn no_seed_breaks_a_promise() {
    for seed in 100..130 {
        let report = play(seed, &Options::default()).unwrap();
        assert_eq!(report.broken, None, "seed {seed}");
    }
}

#[test]
fn without_faults_every_workflow_comes_to_its_end() {
    for workflow in Workflow::ALL {
        for seed in 0..4 {
            let options = Options {
                workflow: Some(workflow),
                faults: Vec::new(),
                mode: Mode::Liveness,
                ..Options::default()
            };
            let report = play(seed, &options).unwrap();
            assert_eq!(report.broken, None, "{workflow:?} {seed}");
            assert!(report.commits > 0, "{workflow:?} {seed}: nothing was done");
        }
    }
}

#[test]
fn an_ordered_crash_happens_where_it_was_ordered() {
    let order = Crash { place: Place::AfterAppend, nth: 5 };
    let options = Options {
        workflow: Some(Workflow::Planned),
        faults: Vec::new(),
        crashes: vec![order],
        tell: true,
        ..Options::default()
    };
    let report = play(3, &options).unwrap();
    assert_eq!(report.visits.1, vec![order]);
    assert!(report.story.iter().any(|line| line.ends_with("is dead")), "{:#?}", report.story);
}

#[test]
fn a_crash_at_every_point_of_a_short_play_is_harmless() {
    let options = Options { workflow: Some(Workflow::Planned), minutes: 4, ..Options::default() };
    let swept = sweep(1, &options, None).unwrap();
    assert!(swept.points > 50, "{}", swept.points);
    assert!(swept.missed.is_empty(), "{:?}", swept.missed);
    assert!(swept.broken.is_empty(), "{:?}", swept.broken);
}
