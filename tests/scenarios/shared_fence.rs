//! Several plans were failed over from one site: the fence against it belongs to all of them.

use std::time::Duration;

use muster_tests::{Demo, DemoOptions, await_true};

use super::standing;

/// Who keeps paris out, as the server knows it.
fn kept_out_by(demo: &Demo) -> String {
    let site = demo.get("/api/v1/sites/paris");
    site["fencedBy"].as_array().into_iter().flatten().filter_map(|by| by.as_str()).collect()
}

fn is_soon(demo: &Demo, by: &str) -> bool {
    await_true(Duration::from_secs(60), || kept_out_by(demo) == by)
}

#[test]
fn the_last_plan_to_settle_with_a_site_lets_it_in() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    demo.sim("break", "site", "paris");
    for plan in ["archive", "shop"] {
        demo.run(plan, "failover", &[]);
    }
    demo.sim("heal", "site", "paris");
    let split = "RECOVERY_SPLIT_BRAIN";
    for plan in ["archive", "shop"] {
        assert!(await_true(Duration::from_secs(60), || standing(&demo, plan).contains(split)));
    }
    assert!(is_soon(&demo, "lyon"));

    // Shop is ready, archive is not: its old VMs and its old storage are as the disaster left them.
    let owed = demo.run("shop", "failover", &[]);
    assert_eq!(owed["owedOnly"], true);
    // Turned round now it would only seem to be protected: nobody could recover it to a site that is kept out.
    let back = ["run", "start", "shop", "--kind", "failback", "--wait"];
    let refused = demo.muster(&back).expect(3);
    insta::assert_snapshot!("shared-fence-failback", refused.stderr.trim());
    assert_eq!(kept_out_by(&demo), "lyon", "archive still counts on it");

    demo.run("archive", "failover", &[]);
    assert!(is_soon(&demo, ""), "nobody needs it any more");
    demo.run("shop", "failback", &[]);
    demo.truth().assert_safe();
}

#[test]
fn a_failover_stops_the_run_that_would_let_its_site_in() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    demo.sim("break", "site", "paris");
    demo.run("shop", "failover", &[]);
    demo.sim("heal", "site", "paris");
    let split = "RECOVERY_SPLIT_BRAIN";
    assert!(await_true(Duration::from_secs(60), || standing(&demo, "shop").contains(split)));
    // What is owed does not get past the old VMs, which hang, and the site dies once more.
    let hangs = ["sim", "break", "backend", "paris", "--fault", "F9", "--operation", "unregister"];
    let _ = demo.muster(&hangs).expect(0);
    let start = ["run", "start", "shop", "--kind", "failover", "--output", "json"];
    let owed = demo.muster(&start).expect(0).json();
    assert_eq!(owed["owedOnly"], true);
    demo.sim("break", "site", "paris");

    demo.run("archive", "failover", &[]);
    assert!(is_soon(&demo, "lyon"));
    let stopped = demo.get(&format!("/api/v1/runs/{}", owed["id"].as_str().unwrap()));
    assert_eq!(stopped["cause"], "cancelled by muster", "{stopped:#}");
    demo.truth().assert_safe();
}
