use super::{dot, text};
use crate::compile::compile;
use crate::fixture;
use crate::run::RunKind;

fn small() -> crate::graph::Graph {
    let mut world = fixture::examples();
    world.add_group("wiki", ("paris", "lyon"), &["bronze-async"], &[("app", "wiki")]);
    let plan = world.add_plan("wiki", &["wiki"], Default::default());
    let derivation = world.derive();
    compile(&world.request(&plan, &derivation, RunKind::Test)).unwrap().graph
}

#[test]
fn a_graph_reads_as_text() {
    insta::assert_snapshot!(text(&small()));
}

#[test]
fn a_graph_reads_as_dot() {
    insta::assert_snapshot!(dot(&small()));
}

#[test]
fn quotes_and_line_ends_in_prompts_stay_inside_their_label() {
    let mut graph = small();
    graph.phases[0].name = "Say \"yes\"\nor \\".to_owned();
    assert!(dot(&graph).contains(r#"label="Say \"yes\"\nor \\";"#));
}
