//! Documents that are wrong, over the network and on the command line.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use muster_tests::{Answer, Demo, DemoOptions, Method};
use serde_json::{Value, json};

use super::assert_unharmed;

fn apply(demo: &Demo, text: &str) -> Answer {
    let body = json!({"files": [{"name": "sent.yaml", "text": text}]});
    demo.ask(Method::POST, "/api/v1/apply").json(&body).send()
}

/// Every file of the collection of mistakes.
fn invalid() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("plans/invalid");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "yaml" || e == "yml"))
        .collect();
    files.sort();
    files
}

/// One line for each finding.
fn findings(body: &Value) -> String {
    let mut lines = String::new();
    for finding in body["errors"].as_array().into_iter().flatten() {
        let code = finding["code"].as_str().unwrap_or("?");
        writeln!(lines, "    {code} at {}:{}", finding["line"], finding["column"]).unwrap();
    }
    lines
}

#[test]
fn each_known_mistake_is_refused_with_its_place() {
    let demo = Demo::start(DemoOptions { vms: 20, ..DemoOptions::default() });
    let files = invalid();
    assert!(files.len() >= 40, "only {} mistakes", files.len());
    let mut said = String::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let checked = demo.muster(&["plan", "check", file.to_str().unwrap(), "--output", "json"]);
        let report = checked.json();
        let errors = report.to_string().contains("\"error\"");
        assert_eq!(checked.code, i32::from(errors), "{name}: {checked:?}");
        let answer = apply(&demo, &String::from_utf8_lossy(&std::fs::read(file).unwrap()));
        assert!(answer.status < 500, "{name}: {}", answer.text);
        if answer.status >= 400 {
            let body = answer.json();
            assert_eq!(answer.media, "application/problem+json", "{name}");
            assert_ne!(findings(&body), "", "{name} without a place: {body}");
            writeln!(said, "{name}: {}\n{}", answer.refusal(), findings(&body)).unwrap();
        }
    }
    insta::assert_snapshot!("documents-refused", said);
    assert_unharmed(&demo);
}

#[test]
fn bombs_and_towers_are_refused() {
    let demo = Demo::start(DemoOptions { vms: 20, ..DemoOptions::default() });
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..60 {
        let refs = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{refs}]").unwrap();
    }
    bomb.push_str(&format!("# {}\n", "x".repeat(98)).repeat(100_000));
    assert!(bomb.len() > 10_000_000);
    let small = &bomb[..4_000];
    let cases: &[(&str, String)] = &[
        ("10 MiB of aliases", bomb.clone()),
        ("4 kB of aliases", small.to_owned()),
        ("100,000 open brackets", "[".repeat(100_000)),
        ("100,000 nested maps", "{a: ".repeat(100_000)),
        ("100,000 dashes", "- ".repeat(100_000)),
        ("nothing", String::new()),
        ("a zero byte", String::from("apiVersion: muster/v1\0")),
        ("a tag that runs code elsewhere", String::from("!!python/object:os.system ls")),
    ];
    let mut said = String::new();
    for (name, body) in cases {
        writeln!(said, "{name}: {}", apply(&demo, body).refusal()).unwrap();
    }
    insta::assert_snapshot!("documents-bombs", said);
    assert_unharmed(&demo);
}

#[test]
fn a_wrong_document_among_good_ones_changes_nothing() {
    let demo = Demo::start(DemoOptions { vms: 20, ..DemoOptions::default() });
    let before = demo.get("/api/v1/documents");
    let good = "apiVersion: muster/v1\nkind: RecoveryPlan\nmetadata: {name: extra}\nspec: {protectionGroups: [shop-metro]}\n";
    let bad = good.replace("protectionGroups", "protectionGroup").replace("extra", "other");
    let answer = apply(&demo, &format!("{good}---\n{bad}"));
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(demo.get("/api/v1/documents"), before);
    assert_unharmed(&demo);
}
