//! Codes and their pages in `plans/codes/`, one to one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Code, Finding};

fn page(code: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("codes").join(format!("{code}.md"))
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(codes.len(), Code::ALL.len(), "two codes have the same text");
    let pages: BTreeSet<String> = std::fs::read_dir(page("x").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.trim_end_matches(".md").to_owned())
        .collect();
    let missing: Vec<&String> = codes.difference(&pages).collect();
    assert_eq!(missing, Vec::<&String>::new(), "write plans/codes/CODE.md for these");
    let left: Vec<&String> = pages.difference(&codes).collect();
    assert_eq!(left, Vec::<&String>::new(), "these pages have no code");
}

#[test]
fn every_page_says_what_it_means_shows_it_and_mends_it() {
    for code in Code::ALL {
        let text = std::fs::read_to_string(page(code.as_str())).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&format!("# {code}").as_str()));
        let severity = lines.get(2).copied().unwrap_or_default();
        assert!(severity.starts_with("Error") || severity.starts_with("Warning"), "{code}");
        for part in ["\n## Example\n\n```", "\n## How to mend it\n\n"] {
            assert!(text.contains(part), "{code} has no {part:?}");
        }
    }
}

#[test]
fn no_value_can_forge_a_line_or_move_the_cursor() {
    let finding = Finding::error(Code::YamlSyntax, "no `a\nerror[b]: c`", "press \u{1b}[2J or\tgo");
    assert_eq!(finding.message, "no `a\u{fffd}error[b]: c`");
    assert_eq!(finding.help, "press \u{fffd}[2J or\u{fffd}go");
}
