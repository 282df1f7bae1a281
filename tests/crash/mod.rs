//! `kill -9` of the server at random moments of every workflow.
//!
//! A few kills in the suite, so that it stays short; `MUSTER_KILLS=200` kills until every workflow was
//! hit so often, `MUSTER_SEED` chooses the moments, `MUSTER_DEMOS` how many demos are tormented side by
//! side. A kill counts as a hit where the run was taken over afterwards: one that found it not begun
//! or already over proves less.

mod torment;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use torment::Torment;

/// Workflows as `--kind` names them.
pub(crate) const WORKFLOWS: [&str; 6] =
    ["test", "cleanup", "planned", "failover", "reprotect", "failback"];

/// Take-overs by workflow, over all demos.
pub(crate) type Hits = Arc<Mutex<BTreeMap<&'static str, usize>>>;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[test]
fn a_killed_server_finishes_its_runs_and_repeats_no_effect() {
    let goal = usize::try_from(setting("MUSTER_KILLS", 1)).unwrap();
    let seed = setting("MUSTER_SEED", 1);
    let hits = Hits::default();
    let threads: Vec<_> = (0..setting("MUSTER_DEMOS", 1))
        .map(|nr| {
            let hits = hits.clone();
            std::thread::spawn(move || Torment::new(seed + nr, goal, hits).reach_the_goal())
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let hits = hits.lock().unwrap();
    eprintln!("taken over after a kill: {hits:?}");
    for workflow in WORKFLOWS {
        assert!(hits.get(workflow).is_some_and(|n| *n >= goal), "{workflow}: {hits:?}");
    }
}
