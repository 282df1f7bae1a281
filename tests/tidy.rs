//! Invariants of the repository that a machine can hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Files that git would take, by extension.
fn files(extensions: &[&str]) -> Vec<PathBuf> {
    fn walk(dir: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let skip =
                name.starts_with('.') || name.starts_with("target") || name == "node_modules";
            if path.is_dir() && !skip {
                walk(&path, extensions, found);
            } else if path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), extensions, &mut found);
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// Our crates, and which of ours each may name in `[dependencies]`.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("plans", &[]),
    ("adapters/contract", &["muster-plans"]),
    ("adapters/sim", &["muster-plans", "muster-contract"]),
    ("adapters/remote", &["muster-plans", "muster-contract"]),
    ("adapters/libvirt", &["muster-plans", "muster-contract"]),
    ("adapters/btrfs", &["muster-plans", "muster-contract", "muster-adapter-pair"]),
    ("adapters/ceph", &["muster-plans", "muster-contract"]),
    ("adapters/pair", &["muster-plans", "muster-contract"]),
    (
        "adapters/cdp",
        &["muster-plans", "muster-contract", "muster-adapter-pair", "muster-adapter-libvirt"],
    ),
    ("adapters/redfish", &["muster-plans", "muster-contract"]),
    ("server/engine", &["muster-plans", "muster-contract"]),
    ("server/store", &["muster-plans", "muster-engine", "muster-migrations"]),
    ("migrations", &[]),
    ("web", &[]),
    ("tests/model", &[]),
    ("tests/lab/tools", &[]),
    (
        "tests/simulation",
        &["muster-plans", "muster-contract", "muster-adapter-sim", "muster-engine", "muster-store"],
    ),
];

/// Libraries that only some rooms may know.
const KEPT_APART: &[(&str, &[&str])] = &[
    ("sea-orm", &["server/store", "tests/bench"]),
    ("sea-orm-migration", &["migrations", "server/store"]),
    (
        "axum",
        &["server", "adapters/remote", "adapters/btrfs", "adapters/cdp", "tests/fuzz/entries"],
    ),
    (
        "reqwest",
        &[
            "server",
            "adapters/remote",
            "adapters/btrfs",
            "adapters/cdp",
            "adapters/redfish",
            "tests",
        ],
    ),
    ("hyper", &["adapters/cdp"]),
    ("hyper-util", &["adapters/cdp"]),
    ("askama", &["web"]),
    ("stateright", &["tests/model"]),
];

fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section == "dependencies]" || section == "build-dependencies]";
        } else if inside && let Some((name, _)) = line.split_once(['.', '=', ' ']) {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

#[test]
fn crates_know_only_whom_they_may() {
    let mut wrong = Vec::new();
    for manifest in files(&["toml"]).iter().filter(|p| p.ends_with("Cargo.toml")) {
        let folder = relative(manifest.parent().unwrap());
        let names = dependencies(&std::fs::read_to_string(manifest).unwrap());
        if let Some((_, allowed)) = DIRECTIONS.iter().find(|(crate_, _)| *crate_ == folder) {
            for name in names.iter().filter(|n| n.starts_with("muster")) {
                if !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{folder} may not know {name}"));
                }
            }
        }
        for (library, allowed) in KEPT_APART {
            if !folder.is_empty() && names.contains(*library) && !allowed.contains(&folder.as_str())
            {
                wrong.push(format!("{folder} may not know {library}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[workspace.dependencies]").unwrap();
    let (section, _) = rest.split_once("\n[").unwrap();
    let bare: Vec<&str> = section
        .lines()
        .filter(|line| line.contains('=') && !line.starts_with('#'))
        .filter(|line| !line.starts_with("muster") && !line.contains("# "))
        .collect();
    assert!(bare.is_empty(), "without a reason:\n{}", bare.join("\n"));
}

#[test]
fn no_file_is_longer_than_600_lines() {
    let long: Vec<String> = files(&["rs", "html", "js", "css"])
        .iter()
        .map(|path| (path, std::fs::read_to_string(path).unwrap().lines().count()))
        .filter(|(path, lines)| *lines > 600 && !relative(path).contains("vendor"))
        .map(|(path, lines)| format!("{}: {lines}", relative(path)))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Crates of the pure core take time, ids and randomness from outside.
#[test]
fn the_core_reads_no_clock_and_makes_no_ids() {
    let banned =
        ["SystemTime::now", "Instant::now", "Timestamp::now", "now_v7", "new_v4", "getrandom"];
    let mut found = Vec::new();
    for path in files(&["rs"]) {
        let name = relative(&path);
        if name.starts_with("plans/src") || name.starts_with("server/engine/src") {
            let text = std::fs::read_to_string(&path).unwrap();
            for word in banned.iter().filter(|word| text.contains(**word)) {
                found.push(format!("{name}: {word}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// `plans/codes` and `server/codes`: a page for each code, and no page without its code.
#[test]
fn every_error_code_has_its_page() {
    let mut wrong = Vec::new();
    for (list, folder) in
        [("plans/src/finding/code.rs", "plans/codes"), ("server/src/http/code.rs", "server/codes")]
    {
        let text = std::fs::read_to_string(root().join(list)).unwrap();
        let codes: BTreeSet<String> = text
            .lines()
            .filter_map(|line| line.trim().split_once(" = \"")?.1.split_once('"'))
            .map(|(code, _)| code.to_owned())
            // A reason beside an attribute is no code.
            .filter(|code| !code.contains(' '))
            .collect();
        let pages: BTreeSet<String> = std::fs::read_dir(root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert!(!codes.is_empty(), "{list} holds no codes that this test can read");
        wrong.extend(codes.difference(&pages).map(|code| format!("{folder}/{code}.md is missing")));
        wrong
            .extend(pages.difference(&codes).map(|page| format!("{folder}/{page}.md has no code")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_unfinished_and_no_machine_path() {
    // Assembled here so that this file does not find itself.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["/ro", "ot/"], ["/wo", "rk/"]];
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files(&["rs", "md", "toml", "html", "js", "css", "yaml"]) {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in words.iter().map(|w| w.concat()).filter(|w| text.contains(w)) {
            found.entry(word).or_default().push(relative(&path));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Each guard of `plans/src/guard.rs` stands in the code that it guards, and the sabotage suite has a case
/// that takes it away.
#[test]
fn every_guard_stands_somewhere_and_is_taken_away_once() {
    let list = "plans/src/guard.rs";
    let suite = "tests/simulation/src/sabotage.rs";
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let text = read(list);
    let (_, rest) = text.split_once("pub enum Guard {").unwrap();
    let (variants, _) = rest.split_once("\n}").unwrap();
    let guards: Vec<&str> = variants
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//") && !line.is_empty())
        .map(|line| line.trim_end_matches(','))
        .collect();
    assert!(guards.len() >= 15, "{list} holds no guards that this test can read: {guards:?}");
    let others: Vec<String> = files(&["rs"])
        .iter()
        .map(|path| relative(path))
        .filter(|path| ![list, suite, "tests/tidy.rs"].contains(&path.as_str()))
        .map(|path| read(&path))
        .collect();
    let suite = read(suite);
    let mut wrong = Vec::new();
    for guard in guards {
        let asked = format!("Guard::{guard})");
        if !others.iter().any(|text| text.contains(&asked)) {
            wrong.push(format!("nobody asks whether {guard} holds"));
        }
        let case = format!("case(G::{guard},");
        let flat: String = suite.split_whitespace().collect();
        if flat.matches(&case).count() != 1 {
            wrong.push(format!("the sabotage suite has not one case of {guard}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
