//! The conformance kit over the real binary: processes that are killed with `kill -9`, a backend that
//! is broken through its control API, and a report that must name all forty cases as passed.

mod process;

use muster_tests::Ran;
use serde_json::Value;

use process::{Process, port, run};

/// Starts a world of which a site has more than a thousand objects; things take a fortieth of their
/// time.
fn world() -> (Process, String) {
    let port = port();
    let line = format!("sim --listen 127.0.0.1:{port} --state world --vms 400 --speed 40");
    (Process::start("sim", &line, port), format!("http://127.0.0.1:{port}"))
}

/// Cases by verdict: passed, failed, not applicable.
fn verdicts(ran: &Ran) -> [Vec<String>; 3] {
    let report = ran.json();
    let cases = report["cases"].as_array().unwrap();
    ["passed", "failed", "not-applicable"].map(|verdict| {
        let found = cases.iter().filter(|case| case["verdict"] == verdict);
        found.map(|case| case["id"].as_str().unwrap().to_owned()).collect()
    })
}

/// ATK-00 is the kit's own: nothing is left behind.
fn all() -> Vec<String> {
    (0..=40).map(|nr| format!("ATK-{nr:02}")).collect()
}

#[test]
fn the_simulator_passes_all_forty_cases_and_twenty_three_kills() {
    let (sim, url) = world();
    let site = format!("{url}/sites/lyon");
    let restart = sim.again();
    let asked = ["--control", &url, "--restart-command", &restart, "-o", "json"];
    let ran = run(&[&["adapter", "verify", &site], &asked[..]].concat());
    let [passed, failed, missed] = verdicts(&ran);
    assert_eq!((failed, missed), (vec![], vec![]), "{}\n{}", ran.stdout, sim.log());
    assert_eq!((passed, ran.code), (all(), 0));
    // Each ATK-04, twice ATK-10 and twenty times ATK-18.
    assert_eq!(sim.starts(), 1 + 1 + 2 + 20);
}

#[test]
fn a_site_agent_in_front_of_the_simulator_passes_all_forty_cases() {
    let (_sim, world) = world();
    let port = port();
    let line = format!(
        "agent --site lyon --backend {world}/sites/lyon --data agent --listen 127.0.0.1:{port} \
         --token-file ../token"
    );
    // Beside the agent's folder, so that it is there before the agent.
    let agent = Process::start_with("agent", &line, port, |folder| {
        std::fs::write(folder.join("../token"), "a-s3cret-of-the-agent").unwrap();
    });
    let (site, restart) = (format!("http://127.0.0.1:{port}"), agent.again());
    let (token, log) = (agent.path("../token"), agent.path("agent.log"));
    let asked = ["--token-file", &token, "--log-file", &log, "--control", &world];
    let hands = ["--restart-command", &restart, "-o", "json"];
    let ran = run(&[&["adapter", "verify", &site], &asked[..], &hands[..]].concat());
    let [passed, failed, missed] = verdicts(&ran);
    assert_eq!((failed, missed), (vec![], vec![]), "{}\n{}", ran.stdout, agent.log());
    assert_eq!((passed, ran.code), (all(), 0));
}

#[test]
fn the_cases_can_be_listed_and_asked_alone() {
    let listed = run(&["adapter", "verify", "--list", "-o", "json"]).expect(0).json();
    let listed = listed.as_array().cloned().unwrap();
    assert_eq!(listed.len(), 40);
    assert_eq!(listed[3]["needs"], Value::from(vec!["restart"]));
    let (_sim, url) = world();
    let site = format!("{url}/sites/paris");
    let alone = run(&["adapter", "verify", &site, "--only", "ATK-04,ATK-06", "-o", "json"]);
    let [passed, _, missed] = verdicts(&alone);
    assert_eq!((passed, missed), (vec!["ATK-00".into(), "ATK-06".into()], vec!["ATK-04".into()]));
    assert_eq!(alone.code, 0);
    let wrong = run(&["adapter", "verify", &site, "--only", "ATK-41"]).expect(1);
    assert_eq!(wrong.stderr, "muster: `ATK-41` is no case; --list names them\n");
}
