//! A plan that asks a person before it goes on.

use muster_tests::{Demo, DemoOptions};

#[test]
fn a_run_waits_for_its_answer_and_a_restart_does_not_forget_the_question() {
    let mut demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    let start = ["run", "start", "bank", "--kind", "test", "--wait", "--output", "json"];
    let waiting = demo.muster(&start).expect(5).json();
    let id = waiting["id"].as_str().unwrap().to_owned();
    let question = &waiting["waiting"][0];
    insta::assert_json_snapshot!("prompt-question", question, {".since" => "[time]"});

    demo.kill();
    demo.launch();
    let again = demo.await_run(&id, &["waiting"]);
    assert_eq!(again["waiting"][0]["step"], question["step"]);

    let _ = demo.muster(&["run", "answer", &id, "--go-on"]).expect(0);
    demo.await_run(&id, &["succeeded", "succeeded-with-warnings"]);
    demo.run("bank", "cleanup", &[]);
    demo.truth().assert_spotless();
}

#[test]
fn a_cancelled_run_drains_and_leaves_nothing() {
    let demo = Demo::start(DemoOptions { speed: 20, ..DemoOptions::default() });
    let run = demo.muster(&[
        "run",
        "start",
        "shop",
        "--kind",
        "planned",
        "--no-live",
        "--output",
        "json",
    ]);
    let id = run.expect(0).json()["id"].as_str().unwrap().to_owned();
    let _ = demo.muster(&["run", "cancel", &id]).expect(0);
    demo.await_run(&id, &["undone", "cancelled"]);
    let running = demo.get("/api/v1/plans/shop");
    assert_eq!((&running["from"][0], &running["phase"]), (&"paris".into(), &"idle".into()));
    demo.truth().assert_spotless();
}
