use super::*;
use crate::render;

fn read(text: &str) -> Loaded {
    load(&[SourceFile::new("x.yaml", text)])
}

fn places(loaded: &Loaded) -> Vec<(Code, u32, u32)> {
    let of = |f: &Finding| f.place.as_ref().map(|p| (f.code, p.line, p.column));
    loaded.findings.iter().filter_map(of).collect()
}

const SITES: &str = "\
apiVersion: muster/v1
kind: Site
metadata: {name: paris}
spec: {witnes: bordeaux}
---
apiVersion: muster/v1
kind: Site
metadata: {name: lyon}
spec:
  description: é😀 # two characters, six bytes
  witness: 3
---
apiVersion: muster/v1
kind: Site
metadata: {name: nice}
spec: {}
";

#[test]
fn places_are_lines_of_the_file_and_columns_in_characters() {
    let loaded = read(SITES);
    let expected = [(Code::UnknownField, 4, 8), (Code::WrongType, 11, 12)];
    assert_eq!(places(&loaded), expected, "{}", render::text(&loaded.findings));
    let names: Vec<String> = loaded.values().map(|d| d.metadata.name).collect();
    assert_eq!(names, ["nice"]);
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_change_nothing() {
    let unix = read(SITES);
    let windows = read(&SITES.replace('\n', "\r\n"));
    assert_eq!(places(&windows), places(&unix));
    assert_eq!(render::text(&windows.findings), render::text(&unix.findings));
    let marked = read(&format!("\u{feff}{SITES}"));
    assert_eq!(places(&marked), places(&unix));
}

#[test]
fn what_an_alias_repeats_is_told_where_it_was_written() {
    let text = "\
apiVersion: muster/v1
kind: InventoryMapping
metadata: {name: both}
spec:
  sites: {protected: a, recovery: b}
  folders: &same
    - {protected: x, recovery: y}
    - {protected: x, recovry: y}
  pools: *same
";
    let loaded = read(text);
    let missing = (Code::MissingField, 8, 7);
    let unknown = (Code::UnknownField, 8, 22);
    assert_eq!(places(&loaded), [missing, missing, unknown, unknown]);
}

#[test]
fn a_broken_document_does_not_make_references_to_it_dangle() {
    let text = "\
apiVersion: muster/v1
kind: Site
metadata: {name: paris}
spec: {witnes: bordeaux}
---
apiVersion: muster/v1
kind: ProtectionGroup
metadata: {name: g}
spec:
  sites: {protected: paris, recovery: paris}
  policies: [gold]
";
    let loaded = load_and_check(&[SourceFile::new("x.yaml", text)]);
    assert_eq!(places(&loaded), [(Code::UnknownField, 4, 8), (Code::SameSite, 10, 39)]);
}

#[test]
fn findings_come_in_the_order_of_the_files_and_their_lines() {
    let group = "apiVersion: muster/v1\nkind: ProtectionGroup\nmetadata: {name: g}\nspec:\n  sites: {protected: a, recovery: a}\n  policies: [p]\n";
    let files = [SourceFile::new("z.yaml", group), SourceFile::new("a.yaml", group)];
    let found = load_and_check(&files).findings;
    let order: Vec<String> = found
        .iter()
        .filter_map(|f| f.place.as_ref())
        .map(|p| format!("{}:{}", p.file, p.line))
        .collect();
    let mut sorted = order.clone();
    sorted.sort_by_key(|place| (place.starts_with('a'), place.clone()));
    assert_eq!(order, sorted);
    assert!(order.first().is_some_and(|p| p.starts_with('z')), "{order:?}");
}
