//! Plan documents: read, checked, printed, written, and compiled against a world.

use std::sync::LazyLock;

use muster_plans::compile::compile;
use muster_plans::config::Config;
use muster_plans::finding::{Finding, Severity};
use muster_plans::fixture::{self, World};
use muster_plans::forecast::makespan;
use muster_plans::graph::render as graph;
use muster_plans::load::load_and_check;
use muster_plans::run::RunKind;
use muster_plans::source::SourceFile;
use muster_plans::{export, render};

/// Documents that most others lean on, so that what is fuzzed gets as far as a graph.
const COMMON: [&str; 2] = [
    include_str!("../../../../plans/examples/common/policies.yaml"),
    include_str!("../../../../plans/examples/common/mapping.yaml"),
];

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut world = fixture::examples();
    world.config = Config::default();
    world
});

/// A file of documents.
///
/// # Panics
/// Where a finding points outside of the file, what is printed holds control characters, or what was
/// read cannot be written and read again.
pub fn documents(bytes: &[u8]) {
    let file = match SourceFile::from_bytes("x.yaml", bytes.to_vec()) {
        Ok(file) => file,
        Err(finding) => return printed(&[*finding]),
    };
    let lines: Vec<usize> = file.text.split('\n').map(|line| line.chars().count()).collect();
    let loaded = load_and_check(std::slice::from_ref(&file));
    for finding in &loaded.findings {
        let place = finding.place.as_ref().expect("a finding in a file has a place");
        let line = place.line as usize;
        assert!(line >= 1 && line <= lines.len(), "{finding:?}");
        assert!(place.column >= 1 && place.column as usize <= lines[line - 1] + 1, "{finding:?}");
    }
    printed(&loaded.findings);
    let values: Vec<_> = loaded.values().collect();
    if values.is_empty() {
        return;
    }
    let yaml = export::to_yaml(&values);
    let again = load_and_check(&[SourceFile::new("y.yaml", yaml.as_str())]);
    assert_eq!(again.values().collect::<Vec<_>>(), values, "{yaml}");
    if loaded.findings.iter().all(|finding| finding.severity != Severity::Error) {
        compiled(&file);
    }
}

fn printed(findings: &[Finding]) {
    let shown = [render::text(findings), render::github(findings)];
    for text in shown {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
    let _ = (render::sarif(findings), render::to_json(findings));
}

/// Every plan in every kind of run: a graph or findings.
fn compiled(file: &SourceFile) {
    let common = (0..).zip(COMMON).map(|(n, text): (u8, _)| SourceFile::new(format!("{n}"), text));
    let files: Vec<SourceFile> = common.chain([file.clone()]).collect();
    let mut world = WORLD.clone();
    world.config = Config::from_documents(load_and_check(&files).values());
    let derivation = world.derive();
    printed(&derivation.findings());
    let kinds = [RunKind::Test, RunKind::PlannedMigration, RunKind::Failover, RunKind::Reprotect];
    for plan in world.config.plans.keys() {
        for kind in kinds {
            let mut request = world.request(plan, &derivation, kind);
            request.live = true;
            match compile(&request) {
                Ok(compiled) => {
                    _ = (graph::text(&compiled.graph), makespan(&compiled.graph));
                    printed(&compiled.warnings);
                }
                Err(findings) => printed(&findings),
            }
        }
    }
}
