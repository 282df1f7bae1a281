//! The BMC of a site of the lab, as `tests/lab/bmc settings` describes it, where `MUSTER_LAB_BMC` names that description.
//! It switches the whole site off.

use muster_contract::FenceState;
use serde_json::{Map, Value, json};

use crate::lab::{Lab, apply, fence, keep_out, let_in, millis, now, said};

/// The lines of the description that say what the way is.
fn way(text: &str) -> Value {
    let known = ["address", "user", "passwordFile", "uuid", "fingerprint"];
    let pairs = text.lines().filter_map(|line| line.trim().split_once(": "));
    let pairs = pairs.filter(|(key, _)| known.contains(key));
    let way: Map<String, Value> =
        pairs.map(|(key, value)| (key.to_owned(), value.trim_matches('"').into())).collect();
    assert_eq!(way.len(), known.len(), "{text}");
    json!({ "redfish": way })
}

#[tokio::test]
async fn a_site_of_the_lab_loses_its_power() {
    let Ok(path) = std::env::var("MUSTER_LAB_BMC") else {
        eprintln!("skipped: MUSTER_LAB_BMC names no description of a lab's BMC");
        return;
    };
    let mut lab = Lab::new();
    (lab.land, lab.answer) = (30, 5);
    let power = lab.open(vec![way(&std::fs::read_to_string(path).unwrap())]);
    let begun = now();
    let outcome = apply(&power, &keep_out()).await;
    eprintln!("{} after {} ms", said(&outcome), millis(begun));
    assert_eq!(said(&outcome), "done, already: false, hosts proven to be off: 1");
    assert_eq!(fence(&power).await, FenceState::Fenced);
    assert!(said(&apply(&power, &let_in()).await).starts_with("done"));
    assert_eq!(fence(&power).await, FenceState::Unfenced);
}
