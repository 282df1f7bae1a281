//! Every example, together with the documents that all of them share, is a configuration without
//! findings.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::path::{Path, PathBuf};

use muster_plans::config::Config;
use muster_plans::load::load_and_check;
use muster_plans::render;
use muster_plans::source::SourceFile;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn files(folder: &str) -> Vec<SourceFile> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
        SourceFile::from_bytes(name, std::fs::read(path).unwrap()).unwrap()
    };
    paths.iter().map(read).collect()
}

fn folders() -> Vec<String> {
    let mut all: Vec<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "common")
        .collect();
    all.sort();
    all
}

#[test]
fn each_example_is_clean_with_the_common_documents() {
    let folders = folders();
    assert_eq!(folders, ["archive", "bank", "branches", "shop", "single-vm"]);
    for folder in folders {
        let mut given = files("common");
        given.extend(files(&folder));
        let loaded = load_and_check(&given);
        assert_eq!(render::text(&loaded.findings), "", "{folder}");
        let config = Config::from_documents(loaded.values());
        assert_eq!(config.plans.len(), 1, "{folder}");
        assert!(config.policies.contains_key("gold-metro"), "{folder}");
    }
}

#[test]
fn all_examples_together_are_clean_too() {
    let mut given = files("common");
    given.extend(folders().iter().flat_map(|folder| files(folder)));
    let loaded = load_and_check(&given);
    assert_eq!(render::text(&loaded.findings), "");
    let plans: Vec<String> =
        Config::from_documents(loaded.values()).plans.keys().map(ToString::to_string).collect();
    assert_eq!(plans, ["archive", "bank", "branches", "shop", "wiki"]);
}
