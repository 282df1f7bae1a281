//! What the YAML library refuses, in our words.

use serde_saphyr::{Error, budget::BudgetBreach};

use super::{MAX_BYTES, MAX_DEPTH, MAX_NODES, Problem};
use crate::finding::{Code, shown};

pub(super) fn problem(error: &Error) -> Problem {
    let location = error.location();
    let (line, column) = location.map_or((1, 1), |at| (at.line(), at.column()));
    let (code, message, help) = describe(error);
    Problem {
        code,
        message,
        help,
        line: u32::try_from(line).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(column).unwrap_or(u32::MAX).max(1),
    }
}

pub(super) fn too_many_nodes(nodes: usize) -> Problem {
    let message = format!("the document has {nodes} nodes; {MAX_NODES} are allowed");
    Problem { code: Code::LimitExceeded, message, help: split_help(), line: 1, column: 1 }
}

fn describe(error: &Error) -> (Code, String, String) {
    let limit = |message: String| (Code::LimitExceeded, message, split_help());
    match error {
        Error::AliasError { error, .. } => describe(error),
        Error::Budget { breach, .. } => limit(budget(breach)),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            limit(format!("aliases expand to more than {MAX_NODES} nodes"))
        }
        other => (Code::YamlSyntax, syntax(other), syntax_help(other)),
    }
}

fn budget(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => {
            format!("mappings and lists are more than {MAX_DEPTH} deep")
        }
        BudgetBreach::ScalarBytes { .. } => {
            format!("the texts together have more than {MAX_BYTES} bytes")
        }
        BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => {
            format!("the document has more than {MAX_NODES} nodes")
        }
        _ => "the document's anchors and aliases go over their limit".into(),
    }
}

fn split_help() -> String {
    "split the document; a plan of this size is mostly made by a tool that went wrong".into()
}

/// The library's sentence without the position that it ends with: findings have their own.
fn syntax(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let end = [" at line ", ": line ", "line "]
        .iter()
        .filter_map(|mark| line.rfind(mark))
        .find(|&at| at > 0)
        .unwrap_or(line.len());
    format!("this is not YAML: {}", shown(line[..end].trim_end_matches([',', ':', ' '])))
}

fn syntax_help(error: &Error) -> String {
    match error {
        Error::UnknownAnchor { .. } => "write the anchor (`&name`) before the alias (`*name`)",
        Error::NonFiniteFloat { .. } => "write a number",
        Error::NullIntoString { .. } => "give the field a name",
        _ => {
            "look at indentation, quotes and brackets here and in the line before; \
             indent with spaces, and quote texts that hold `: ` or ` #`"
        }
    }
    .into()
}
