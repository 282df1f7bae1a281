//! Two persons: one asks and starts, the other one approves.

use std::path::PathBuf;

use muster_tests::{Demo, DemoOptions};
use serde_json::Value;

fn file(demo: &Demo, name: &str, text: &str) -> PathBuf {
    let path = demo.dir().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn ask_for_an_approval(demo: &Demo) {
    let mut plan = demo.get("/api/v1/documents/RecoveryPlan/shop")["document"].clone();
    plan["spec"]["on"]["failover"]["approvals"] = 1.into();
    let path = file(demo, "shop.yaml", &plan.to_string());
    let _ = demo.muster(&["apply", "--yes", "-f", path.to_str().unwrap()]).expect(0);
}

#[test]
fn a_failover_takes_a_second_person() {
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    ask_for_an_approval(&demo);

    // The second person is made, and chooses a password on the way in.
    let add = ["user", "add", "eve", "--role", "approver"];
    let made = demo.muster(&add).expect(0);
    let one_time = file(&demo, "eve.one-time", &made.stdout);
    let own = file(&demo, "eve.password", "four words of mine\n");
    let [one_time, own] = [&one_time, &own].map(|path| path.to_str().unwrap());
    let enter = ["sign-in", "--user", "eve", "--password-file"];
    let early = demo.muster(&[&enter[..], &[one_time]].concat()).expect(1);
    assert!(early.stderr.contains("one-time password"), "{}", early.stderr);
    let entered = demo.muster(&[&enter[..], &[one_time, "--new-password-file", own]].concat());
    let token = file(&demo, "eve.token", &entered.expect(0).stdout);
    let eve =
        |args: &[&str]| demo.muster(&[args, &["--token-file", token.to_str().unwrap()]].concat());

    demo.sim("break", "site", "paris");
    let start = ["run", "start", "shop", "--kind", "failover", "--wait"];
    let refused = demo.muster(&start).expect(3);
    assert!(refused.stderr.contains("[approvals-missing]"), "{}", refused.stderr);
    let request = ["run", "request", "shop", "--kind", "failover", "--output", "json"];
    let asked = demo.muster(&request).expect(5).json();
    let approve = ["run", "approve", asked["id"].as_str().unwrap()];
    let _ = demo.muster(&approve).expect(3);
    assert!(eve(&approve).expect(0).stdout.contains("1/1 approvals (eve)"));
    assert!(eve(&start).expect(3).stderr.contains("[not-allowed]"), "who approves does not start");
    demo.run("shop", "failover", &[]);
    demo.truth().assert_safe();

    let new = file(&demo, "eve.next", "other words of mine");
    let change = ["password", "--old-file", own, "--new-file", new.to_str().unwrap()];
    let _ = eve(&change).expect(0);
    let wrong = eve(&change).expect(2);
    assert!(wrong.stderr.contains("[bad-credentials]"), "{}", wrong.stderr);
    let gone = demo.muster(&["user", "delete", "eve", "--output", "json"]).expect(0).json();
    assert_eq!(gone["outcome"], "disabled", "history needs the name");
    let _ = eve(&["run", "list"]).expect(2);
}

#[test]
fn users_are_administered_from_the_command_line() {
    let demo = Demo::start(DemoOptions { vms: 20, ..DemoOptions::default() });
    let json = |args: &[&str], code: i32| -> Value {
        demo.muster(&[args, &["--output", "json"]].concat()).expect(code).json()
    };
    let me = json(&["user", "show", "admin"], 0);
    assert_eq!(me["mustChangePassword"], false, "the password of a demonstration may stay");
    let made = json(&["user", "add", "bob", "--role", "auditor"], 0);
    assert_eq!(made["password"].as_str().unwrap().len(), 20);
    let bob = json(&["user", "roles", "bob", "--role", "test-admin", "--role", "auditor"], 0);
    assert_eq!(bob["roles"], serde_json::json!(["test-admin", "auditor"]));
    assert_eq!(json(&["user", "disable", "bob"], 0)["disabled"], true);
    assert_eq!(json(&["user", "enable", "bob"], 0)["disabled"], false);
    assert_ne!(json(&["user", "reset-password", "bob"], 0)["password"], made["password"]);
    assert_eq!(json(&["user", "list"], 0).as_array().unwrap().len(), 2);
    assert_eq!(json(&["role", "list"], 0).as_array().unwrap().len(), 7);
    assert_eq!(json(&["user", "delete", "bob"], 0)["outcome"], "deleted");

    let refused = demo.muster(&["user", "disable", "admin"]).expect(3);
    let bad = demo.muster(&["user", "add", "no name", "--role", "root"]).expect(1);
    let nobody = demo.muster(&["user", "show", "bob"]).expect(1);
    let said = [refused, bad, nobody].map(|ran| ran.stderr.trim().to_owned());
    insta::assert_snapshot!("people-refused", said.join("\n\n"));
}
