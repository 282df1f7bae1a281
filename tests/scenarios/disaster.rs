//! A site is gone, and comes back.

use std::time::Duration;

use muster_tests::{Demo, DemoOptions, await_true};

use super::{phases, standing};

#[test]
fn on_the_witness_s_evidence_and_all_the_way_back() {
    let mut demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    demo.sim("break", "site", "paris");
    for plan in ["shop", "archive"] {
        let failover = demo.run(plan, "failover", &[]);
        insta::assert_snapshot!(format!("disaster-{plan}"), phases(&failover));
    }
    demo.truth().assert_safe();

    demo.sim("heal", "site", "paris");
    let split = "RECOVERY_SPLIT_BRAIN";
    let noticed = await_true(Duration::from_secs(60), || standing(&demo, "shop").contains(split));
    assert!(noticed, "the return is noticed: {}", standing(&demo, "shop"));
    demo.truth().assert_safe();

    // What is owed is remembered by the database, not by the process.
    demo.kill();
    demo.launch();
    for plan in ["shop", "archive"] {
        let owed = demo.run(plan, "failover", &[]);
        assert_eq!(owed["owedOnly"], true);
        insta::assert_snapshot!(format!("disaster-{plan}-owed"), phases(&owed));
    }
    for plan in ["shop", "archive"] {
        demo.run(plan, "failback", &[]);
        assert_eq!(standing(&demo, plan), "paris -> lyon, idle (READY_STATE)");
    }
    demo.truth().assert_safe();
}

#[test]
fn a_forced_failover_tries_nothing_at_the_failed_site() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    demo.sim("break", "site", "paris");
    let failover = demo.run("shop", "failover", &["--forced"]);
    assert_eq!(failover["forced"], true);
    let id = failover["id"].as_str().unwrap();
    let steps = demo.get(&format!("/api/v1/runs/{id}/steps?limit=1000"));
    let sites = steps["items"].as_array().unwrap().iter();
    let at_paris: Vec<&str> = sites
        .filter(|step| step["site"] == "paris")
        .map(|step| step["title"].as_str().unwrap())
        .collect();
    assert_eq!(at_paris, Vec::<&str>::new());
    demo.truth().assert_safe();
}
