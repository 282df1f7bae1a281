//! Input that nobody would write: findings, never a panic, and bounded work.

use std::fmt::Write;

use muster_plans::finding::Code;
use muster_plans::load::{Loaded, load, load_and_check};
use muster_plans::render;
use muster_plans::source::SourceFile;

const HEAD: &str = "apiVersion: muster/v1\nkind: Site\nmetadata: {name: nice}\nspec:\n";

fn read(text: impl Into<String>) -> Loaded {
    load(&[SourceFile::new("x.yaml", text)])
}

fn codes(loaded: &Loaded) -> Vec<Code> {
    loaded.findings.iter().map(|finding| finding.code).collect()
}

fn is_over_a_limit(text: impl Into<String>) {
    let loaded = read(text);
    assert_eq!(codes(&loaded), [Code::LimitExceeded], "{}", render::text(&loaded.findings));
    assert!(loaded.documents.is_empty());
}

#[test]
fn a_bomb_of_nested_aliases_is_over_a_limit() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        writeln!(text, "a{level}: &a{level} [{}]", vec![before; 10].join(", ")).unwrap();
    }
    is_over_a_limit(text + HEAD);
}

#[test]
fn ten_megabytes_of_aliases_are_over_a_limit() {
    let mut text = String::from("a: &a [x]\nb:\n");
    while text.len() < 10 * 1024 * 1024 - 100 {
        text.push_str("- *a\n");
    }
    is_over_a_limit(text);
}

#[test]
fn a_long_text_repeated_by_aliases_is_bounded() {
    let text = "x".repeat(1024 * 1024);
    let aliases = "- *a\n".repeat(90_000);
    is_over_a_limit(format!("a: &a {text}\nb:\n{aliases}"));
}

#[test]
fn depth_is_limited_in_every_style() {
    is_over_a_limit(format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000)));
    is_over_a_limit(format!("a: {}1{}", "{b: ".repeat(10_000), "}".repeat(10_000)));
    let mut block = String::new();
    for depth in 0..2_000 {
        writeln!(block, "{}a:", " ".repeat(depth)).unwrap();
    }
    is_over_a_limit(block);
    is_over_a_limit(format!("{}x", "- ".repeat(10_000)));
}

#[test]
fn depth_without_an_end_is_no_crash() {
    for open in ["[", "{", "{a: ", "- ", "? ", "[{", "!!seq [", "&a [", "'", "\"", "| ", "*"] {
        let loaded = read(open.repeat(10_000));
        assert_eq!(loaded.findings.len(), 1, "{open}");
        assert!(loaded.documents.is_empty(), "{open}");
    }
}

#[test]
fn eleven_megabytes_are_over_a_limit() {
    let comment = "# x\n".repeat(11 * 1024 * 256);
    is_over_a_limit(HEAD.to_owned() + &comment);
    is_over_a_limit(format!("{HEAD}  description: {}\n", "x".repeat(11 * 1024 * 1024)));
}

#[test]
fn many_nodes_are_over_a_limit() {
    is_over_a_limit(format!("{HEAD}  a:\n{}", "  - x\n".repeat(120_000)));
}

#[test]
fn many_mistakes_are_cut() {
    let mut text = String::from(HEAD);
    for n in 0..20_000 {
        writeln!(text, "  field-{n}: 1").unwrap();
    }
    let loaded = read(text);
    assert_eq!(loaded.findings.len(), 200);
    assert!(loaded.findings[199].help.contains("19800 more findings"));
}

#[test]
fn many_mistakes_on_one_long_line_are_cut() {
    let keys = "a: 1, ".repeat(40_000);
    let padding = "x".repeat(5 * 1024 * 1024);
    let loaded = read(format!("{{b: {padding}, {keys}c: 1}}"));
    assert_eq!(loaded.findings.len(), 200);
    assert!(loaded.findings.iter().all(|f| f.place.as_ref().unwrap().excerpt.len() < 2000));
}

#[test]
fn binary_garbage_is_no_text() {
    let bytes: Vec<u8> =
        (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let finding = SourceFile::from_bytes("x.yaml", bytes).unwrap_err();
    assert_eq!(finding.code, Code::NotText);
    let finding =
        SourceFile::from_bytes("x.yaml", b"kind: Site\nname: caf\xe9".to_vec()).unwrap_err();
    let place = finding.place.unwrap();
    assert_eq!((place.line, place.column), (2, 10));
}

#[test]
fn garbage_that_is_text_is_told_and_not_read() {
    for text in [
        "\0\0\0",
        "\u{1b}[2J",
        "%",
        "%YAML 9.9\n---\na",
        "{}",
        "[]",
        "null",
        "~",
        "1",
        "\"\"",
        "<<: *a",
        "? [a]\n: b",
        "a: !!binary x",
        "- - -",
        "&a a: *a",
        "&a [*a]",
        "key: |\n\ttab",
        "\u{feff}kind: x",
        "...",
        "--- ---",
        "a: .nan",
        "{a: 1, a: 2}",
        "? a",
        ": b",
        "=: 1",
        "1: 2",
        "null: 1",
        "[a]: 1",
        "a: &x {b: *x}",
        "\u{85}",
        "\r\r\n",
        "@",
        "`",
        "!<tag:x,2000:y> z",
        "a: 'unclosed",
        "99999999999999999999: 1",
        "a: 1e999",
        "a: 0x7fffffffffffffffffff",
    ] {
        let loaded = read(text);
        assert!(!loaded.findings.is_empty(), "{text:?}");
        assert!(loaded.documents.is_empty(), "{text:?}");
    }
}

#[test]
fn a_thousand_rules_in_a_chain_are_checked() {
    let mut text = String::from(
        "apiVersion: muster/v1\nkind: RecoveryPlan\nmetadata: {name: p}\nspec:\n  protectionGroups: [g]\n  vms:\n",
    );
    for n in 0..1000 {
        writeln!(text, "  - {{match: {{name: \"vm-{n}\"}}, after: [vm-{}]}}", (n + 1) % 1000)
            .unwrap();
    }
    let findings = load_and_check(&[SourceFile::new("x.yaml", text)]).findings;
    let cycles = findings.iter().filter(|f| f.code == Code::DependencyCycle).count();
    assert_eq!(cycles, 1);
}

/// With a pointer made for each value this would copy the name half a million times.
#[test]
fn a_long_name_over_many_values_is_read_in_one_pass() {
    let values = serde_json::json!(vec![0; 1 << 19]);
    let spec = serde_json::Value::Object([("x".repeat(1 << 20), values)].into_iter().collect());
    let document = serde_json::json!({
        "apiVersion": "muster/v1", "kind": "Site", "metadata": {"name": "nice"}, "spec": spec,
    });
    let findings = muster_plans::document::from_json(document).unwrap_err();
    let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::UnknownField]);
}

/// The parsers of cron times and patterns repeat in their errors what they were given.
#[test]
fn what_is_said_of_a_text_is_short_and_holds_no_control_character() {
    use muster_plans::document::format::check;
    for (format, text) in [
        ("cron", "0 0 !\u{0}\u{1b}[2J\n * *".to_owned()),
        ("cron", format!("0 0 {} * *", "!".repeat(10_000))),
        ("name-pattern", String::from("[\u{1b}-\u{7}]")),
    ] {
        let why = check(format, &text).unwrap_err();
        assert!(!why.chars().any(char::is_control) && why.chars().count() < 400, "{why:?}");
    }
}
