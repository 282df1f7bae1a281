//! Nothing in this crate can change or delete what stands in the journal.

use std::path::Path;

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Places where the text changes rows of the journal.
fn changes_the_journal(source: &str) -> bool {
    let flat: String = source.chars().filter(|c| !c.is_whitespace()).collect();
    let typed = ["update_many()", "update(", "delete_many()", "delete(", "delete_by_id(", "save("]
        .iter()
        .any(|verb| flat.contains(&format!("journal::Entity::{verb}")));
    let active = flat.contains("journal::ActiveModel");
    let built = flat.contains(".table(journal::Entity)") || flat.contains(".from_table(journal::");
    let lower = source.to_lowercase();
    let raw = lower.contains("update journal") || lower.contains("delete from journal");
    typed || active || built || raw
}

#[test]
fn no_statement_changes_or_deletes_a_record() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    assert!(files.len() > 10, "the sources were not found");
    let guilty: Vec<_> =
        files.iter().filter(|(_, text)| changes_the_journal(text)).map(|(path, _)| path).collect();
    assert!(guilty.is_empty(), "the journal is append-only: {guilty:?}");
}

#[test]
fn the_guard_sees_what_it_guards_against() {
    for guilty in [
        "journal::Entity::delete_many()\n    .filter(x)",
        "journal::Entity::update_many().col_expr(a, b)",
        "db.execute_unprepared(\"DELETE FROM journal\")",
        "Query::delete().from_table(journal::Entity)",
        "journal::ActiveModel { bytes: Set(0) }.update(db)",
    ] {
        assert!(changes_the_journal(guilty), "{guilty}");
    }
    assert!(!changes_the_journal("lease::Entity::delete_many()"));
}
