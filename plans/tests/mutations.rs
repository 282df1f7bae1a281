//! Good documents with random mistakes: whatever is done to them, reading ends, nothing panics, every
//! finding points into its file, and what the schema lets through the types can read.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use muster_plans::export;
use muster_plans::load::load_and_check;
use muster_plans::render;
use muster_plans::source::SourceFile;
use proptest::prelude::*;

const EXAMPLES: [&str; 6] = [
    include_str!("../examples/common/policies.yaml"),
    include_str!("../examples/common/sites.yaml"),
    include_str!("../examples/shop/plan.yaml"),
    include_str!("../examples/shop/schedule.yaml"),
    include_str!("../examples/bank/plan.yaml"),
    include_str!("../examples/branches/backends.yaml"),
];

const TOKENS: [&str; 45] = [
    "null",
    "~",
    "true",
    "0",
    "-1",
    "1e9",
    "99999999999999999999",
    "5m",
    "0s",
    "[]",
    "{}",
    "[x]",
    "{x: y}",
    "\"\"",
    "''",
    "*",
    "&a",
    "*a",
    "!t",
    "|",
    ">",
    "%",
    "---",
    "...",
    ": ",
    " #",
    ",",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "- ",
    "? ",
    "\t",
    "\r",
    "\u{0}",
    "\u{feff}",
    "é",
    "😀",
    "paris",
    "10.0.0.0/8",
    "<<: ",
    "\\n",
];

#[derive(Clone, Debug)]
enum Change {
    Delete { at: prop::sample::Index, len: usize },
    Insert { at: prop::sample::Index, token: &'static str },
    Value { line: prop::sample::Index, token: &'static str },
    Twice { line: prop::sample::Index },
    Move { from: prop::sample::Index, to: prop::sample::Index },
}

fn change() -> impl Strategy<Value = Change> {
    let index = || any::<prop::sample::Index>();
    let token = || prop::sample::select(TOKENS.as_slice());
    prop_oneof![
        (index(), 1_usize..40).prop_map(|(at, len)| Change::Delete { at, len }),
        (index(), token()).prop_map(|(at, token)| Change::Insert { at, token }),
        (index(), token()).prop_map(|(line, token)| Change::Value { line, token }),
        index().prop_map(|line| Change::Twice { line }),
        (index(), index()).prop_map(|(from, to)| Change::Move { from, to }),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    if chars.is_empty() || lines.is_empty() {
        return text.to_owned();
    }
    match change {
        Change::Delete { at, len } => {
            let at = at.index(chars.len());
            chars.drain(at..(at + len).min(chars.len()));
            return chars.into_iter().collect();
        }
        Change::Insert { at, token } => {
            let at = at.index(chars.len());
            chars.splice(at..at, token.chars());
            return chars.into_iter().collect();
        }
        Change::Value { line, token } => {
            let line = &mut lines[line.index(text.lines().count())];
            if let Some(colon) = line.find(": ") {
                line.replace_range(colon + 2.., token);
            }
        }
        Change::Twice { line } => {
            let line = line.index(lines.len());
            lines.insert(line, lines[line].clone());
        }
        Change::Move { from, to } => {
            let line = lines.remove(from.index(lines.len()));
            let to = to.index(lines.len() + 1);
            lines.insert(to, line);
        }
    }
    lines.join("\n") + "\n"
}

fn holds(text: &str) {
    let loaded = load_and_check(&[SourceFile::new("x.yaml", text)]);
    let lines: Vec<&str> = text.split('\n').collect();
    for finding in &loaded.findings {
        let place = finding.place.clone().unwrap();
        let line = lines[place.line as usize - 1];
        assert!(place.column as usize <= line.chars().count() + 1, "{finding:?}\n{text}");
        assert!(place.end_column > place.column, "{finding:?}");
        assert!(!finding.message.contains("cannot be read"), "{finding:?}\n{text}");
    }
    let shown = render::text(&loaded.findings);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    // What was read can be written and read again.
    let documents: Vec<_> = loaded.values().collect();
    let yaml = export::to_yaml(&documents);
    let again = load_and_check(&[SourceFile::new("y.yaml", yaml.as_str())]);
    assert_eq!(again.values().collect::<Vec<_>>(), documents, "{yaml}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn mistakes_are_told_and_never_crash(
        example in prop::sample::select(EXAMPLES.as_slice()),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        let text = changes.iter().fold(example.to_owned(), |text, c| changed(&text, c));
        holds(&text);
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "\\PC{0,200}|[ -~\n\t]{0,200}") {
        holds(&text);
    }
}
