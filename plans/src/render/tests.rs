use super::*;
use crate::load::load;
use crate::source::SourceFile;

fn findings() -> Vec<Finding> {
    let text = "apiVersion: muster/v1\nkind: Site\nmetadata: {name: paris, colour: blue}\nspec:\n\twitness: 3\n";
    let other = "kind: Sight\n";
    load(&[SourceFile::new("a,b.yaml", text), SourceFile::new("c.yaml", other)]).findings
}

#[test]
fn text_has_place_caret_and_help() {
    insta::assert_snapshot!(text(&findings()));
    assert_eq!(text(&[]), "");
    assert_eq!(summary(&[]), "no findings");
    assert_eq!(summary(&findings()), "2 errors");
}

#[test]
fn programs_read_json_sarif_and_annotations() {
    insta::assert_json_snapshot!("json", to_json(&findings()));
    insta::assert_json_snapshot!("sarif", sarif(&findings()), {".runs[].tool.driver.version" => "[version]"});
    insta::assert_snapshot!("github", github(&findings()));
}

#[test]
fn nothing_from_a_document_can_move_the_cursor() {
    let bad = SourceFile::new("x.yaml", "kind: \u{1b}[2JSite\n");
    let out = text(&load(&[bad]).findings);
    assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
}
