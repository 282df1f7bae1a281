//! The plans that users read first, compiled against a world in which their VMs exist.

use std::path::{Path, PathBuf};

use super::try_compile;
use crate::config::Config;
use crate::explain::explain;
use crate::fixture::{self, World};
use crate::graph::render::text;
use crate::load::load_and_check;
use crate::run::RunKind;
use crate::source::SourceFile;

/// Documents of one example and of what all of them share.
fn world(example: &str) -> World {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut paths: Vec<PathBuf> = ["common", example]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    paths.sort();
    let files: Vec<SourceFile> = paths
        .iter()
        .map(|path| {
            SourceFile::new(path.display().to_string(), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    let loaded = load_and_check(&files);
    assert!(loaded.findings.iter().all(|finding| !finding.is_error()), "{:?}", loaded.findings);
    let mut world = fixture::examples();
    world.config = Config::from_documents(loaded.values());
    world
}

fn snapshot(example: &str, plan: &str, kind: RunKind) {
    let world = world(example);
    let compiled = try_compile(&world, &plan.into(), kind, |request| request.live = true);
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(findings) => panic!("{}", super::sentences(&findings)),
    };
    let warnings = super::sentences(&compiled.warnings);
    let said = format!("{warnings}\n\n{}", text(&compiled.graph));
    insta::assert_snapshot!(format!("{example}-{kind}"), said);
}

#[test]
fn single_vm() {
    snapshot("single-vm", "wiki", RunKind::Failover);
}

#[test]
fn shop() {
    snapshot("shop", "shop", RunKind::PlannedMigration);
}

#[test]
fn bank() {
    snapshot("bank", "bank", RunKind::Failover);
    snapshot("bank", "bank", RunKind::Test);
}

#[test]
fn archive() {
    snapshot("archive", "archive", RunKind::PlannedMigration);
}

#[test]
fn branches() {
    snapshot("branches", "branches", RunKind::Failover);
}

#[test]
fn every_vm_can_be_explained() {
    let world = world("bank");
    let (plan, derivation) = ("bank".into(), world.derive());
    let mut request = world.request(&plan, &derivation, RunKind::PlannedMigration);
    request.live = true;
    insta::assert_snapshot!("explain-db", explain(&request, "bank-db-01").unwrap());
    insta::assert_snapshot!("explain-app", explain(&request, "bank-app-01").unwrap());
    let outside = explain(&request, "shop-db-01").unwrap_err();
    insta::assert_snapshot!("explain-outside", super::sentences(&outside));
}
