//! All forty cases, with a hand on the process, the backend, the line and a group.

use std::sync::Arc;

use muster_contract::kit::{Verdict, cases, verify};

use crate::kit::run_id;
use crate::stand::Stand;

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_passes_all_forty_cases() {
    let stand = Stand::start(400, Box::new(|site, _| site));
    let probe = stand.probe(run_id(), |line| Arc::new(line)).await;
    let report = verify(&stand.remote("lyon"), &probe).await;
    assert_eq!(cases().count(), 40);
    let passed = report.cases.iter().filter(|case| case.verdict == Verdict::Passed);
    // The fortieth and one: that nothing was left behind.
    assert_eq!(passed.count(), 41, "{report}");
}
