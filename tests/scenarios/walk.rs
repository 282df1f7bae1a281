//! The README's walk: test, cleanup, planned migration, reprotect, failback.

use muster_tests::{Demo, DemoOptions};

use super::{phases, standing};

#[test]
fn a_newcomer_tests_moves_and_comes_back() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    assert_eq!(standing(&demo, "shop"), "paris -> lyon, idle (READY_STATE)");

    let test = demo.run("shop", "test", &[]);
    insta::assert_snapshot!("walk-test", phases(&test));
    let during = demo.truth();
    during.assert_safe();
    assert!(during.count("leftovers") > 0, "the test's copies are there until they are cleaned up");

    let cleanup = demo.run("shop", "cleanup", &[]);
    insta::assert_snapshot!("walk-cleanup", phases(&cleanup));
    demo.truth().assert_spotless();

    let planned = demo.run("shop", "planned", &[]);
    insta::assert_snapshot!("walk-planned", phases(&planned));
    demo.truth().assert_spotless();

    let reprotect = demo.run("shop", "reprotect", &[]);
    insta::assert_snapshot!("walk-reprotect", phases(&reprotect));
    assert_eq!(standing(&demo, "shop"), "lyon -> paris, idle (READY_STATE)");

    let before = demo.truth().acknowledged();
    demo.run("shop", "failback", &[]);
    assert_eq!(standing(&demo, "shop"), "paris -> lyon, idle (READY_STATE)");
    let after = demo.truth();
    assert!(after.assert_spotless().acknowledged() > before, "the VMs went on writing");
}

#[test]
fn restarted_vms_lose_nothing_over_every_kind_of_replication() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    let planned = demo.run("archive", "planned", &["--no-live"]);
    insta::assert_snapshot!("walk-archive-planned", phases(&planned));
    demo.truth().assert_spotless();
    demo.run("archive", "reprotect", &[]);
    demo.run("archive", "failback", &[]);
    assert_eq!(standing(&demo, "archive"), "paris -> lyon, idle (READY_STATE)");
    demo.truth().assert_spotless();
}
