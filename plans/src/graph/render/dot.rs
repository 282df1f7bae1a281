//! A graph for Graphviz.

use std::fmt::Write;

use super::step_title;
use crate::graph::{Action, Graph, Needs, StepIx};

/// The graph in the DOT language: a cluster for each phase, a box for each step, a point for each
/// barrier; dashed where a step waits only for the end of another.
pub fn dot(graph: &Graph) -> String {
    let mut dot = String::new();
    // Writing into a `String` cannot fail.
    let _ = write_dot(graph, &mut dot);
    dot
}

fn write_dot(graph: &Graph, dot: &mut String) -> std::fmt::Result {
    writeln!(dot, "digraph {} {{", quoted(&format!("{} {}", graph.plan, graph.kind)))?;
    writeln!(dot, "  rankdir=LR; node [shape=box, style=rounded, fontname=\"sans-serif\"];")?;
    for (phase, name) in graph.phases.iter().enumerate() {
        writeln!(dot, "  subgraph cluster_{phase} {{ label={};", quoted(&name.name))?;
        for (ix, step) in (0_u32..).zip(&graph.steps) {
            if step.phase as usize == phase {
                node(graph, ix, dot)?;
            }
        }
        writeln!(dot, "  }}")?;
    }
    for ix in 0..graph.len() as StepIx {
        for edge in graph.edges.from(ix) {
            let style = if edge.needs == Needs::End { " [style=dashed]" } else { "" };
            writeln!(dot, "  s{ix} -> s{}{style};", edge.to)?;
        }
    }
    writeln!(dot, "}}")
}

fn node(graph: &Graph, ix: StepIx, dot: &mut String) -> std::fmt::Result {
    let shape = match graph.step(ix).action {
        Action::Barrier if graph.pivot == Some(ix) => {
            " [shape=doublecircle, label=\"pivot\"]".into()
        }
        Action::Barrier => " [shape=point]".to_owned(),
        _ => format!(" [label={}]", quoted(&step_title(graph, ix))),
    };
    writeln!(dot, "    s{ix}{shape};")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
