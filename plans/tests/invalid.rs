//! Every file in `plans/invalid/` holds one mistake, and beside it stands what is said about it.
//!
//! The files are read together with `plans/examples/common/`, so that each shows its mistake and
//! nothing else.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use muster_plans::finding::{Code, Finding};
use muster_plans::load::load_and_check;
use muster_plans::render;
use muster_plans::source::SourceFile;

fn folder(name: &str) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> SourceFile {
    let name = path.file_name().unwrap().to_string_lossy();
    SourceFile::from_bytes(name, std::fs::read(path).unwrap()).unwrap()
}

fn findings(path: &Path) -> Vec<Finding> {
    let mut files: Vec<SourceFile> =
        folder("examples/common").iter().map(|path| read(path)).collect();
    files.push(read(path));
    load_and_check(&files).findings
}

#[test]
fn each_mistake_is_told_as_written_beside_it() {
    let files = folder("invalid");
    assert!(files.len() >= 45);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("invalid"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in &files {
            let name = path.file_stem().unwrap().to_string_lossy();
            insta::assert_snapshot!(name.as_ref(), render::text(&findings(path)));
        }
    });
}

#[test]
fn each_finding_points_into_its_file_and_says_how_to_mend_it() {
    for path in folder("invalid") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let found = findings(&path);
        assert!(!found.is_empty(), "{name}");
        let one = name.starts_with("several-") || name.contains("-of-two") || found.len() == 1;
        assert!(one, "{name} has one mistake and {} findings", found.len());
        for finding in found {
            let place = finding.place.unwrap();
            assert_eq!(place.file, name);
            let text = std::fs::read_to_string(&path).unwrap();
            let line = text.lines().nth(place.line as usize - 1).unwrap();
            let masked = finding.code == Code::SecretInDocument;
            assert!(masked != line.starts_with(&place.excerpt), "{name}");
            assert!(place.column as usize <= line.chars().count() + 1, "{name}");
            assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{name}");
        }
    }
}

#[test]
fn every_code_of_the_language_has_a_file() {
    let shown: BTreeSet<Code> =
        folder("invalid").iter().flat_map(|path| findings(path)).map(|f| f.code).collect();
    // A file that is no text cannot stand among texts; `limits.rs` shows that one.
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .take_while(|code| **code <= Code::GroupInTwoPlans)
        .filter(|code| **code != Code::NotText && !shown.contains(code))
        .collect();
    assert_eq!(missing, Vec::<&Code>::new());
}

#[test]
fn no_finding_stands_beside_a_file_that_is_gone() {
    let files: BTreeSet<PathBuf> = folder("invalid").into_iter().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("invalid");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert!(files.contains(&path.with_extension("yaml")), "{} has no file", path.display());
    }
}
