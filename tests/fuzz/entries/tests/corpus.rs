//! The committed corpus, with what the fuzzer ever found, replayed on stable.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::path::{Path, PathBuf};

use muster_fuzz_entries::ALL;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// A target's corpus. Documents have more than enough of them elsewhere.
fn corpus(name: &str) -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![here.join("../corpus").join(name)];
    if name == "documents" {
        folders.extend(["examples", "invalid"].map(|f| here.join("../../../plans").join(f)));
    }
    let mut found = Vec::new();
    folders.iter().for_each(|folder| files(folder, &mut found));
    found.sort();
    found
}

#[test]
fn every_target_holds_on_its_corpus() {
    for &(name, target) in ALL {
        let files = corpus(name);
        assert!(files.len() >= 5, "{name} has no corpus");
        for path in files {
            eprintln!("{}", path.display());
            target(&std::fs::read(&path).unwrap());
        }
    }
}
