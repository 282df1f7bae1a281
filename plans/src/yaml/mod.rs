//! YAML to values with the position of every key and value. The YAML library is known here only.

mod error;
mod node;
mod value;

pub(crate) use node::{Content, Node};
pub(crate) use value::{bad_key, bad_text, control_character, to_value};

use serde_saphyr::{Budget, DuplicateKeyPolicy, NonFiniteFloatPolicy, Options, Spanned};

/// Bytes of one document.
pub(crate) const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Nodes of one document, aliases counted as often as they are used.
pub(crate) const MAX_NODES: usize = 100_000;
/// Mappings and lists inside each other.
pub(crate) const MAX_DEPTH: usize = 64;

/// What went wrong, and at which bytes of the document.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: crate::finding::Code,
    pub(crate) message: String,
    pub(crate) help: String,
    /// Line counted from 1 and column in characters, as the library gives them.
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    let node: Spanned<node::Raw> =
        serde_saphyr::from_str_with_options(text, options()).map_err(|e| error::problem(&e))?;
    let node = node::finish(node);
    let nodes = node.count();
    if nodes > MAX_NODES {
        return Err(error::too_many_nodes(nodes));
    }
    Ok(node)
}

fn options() -> Options {
    let mut budget = Budget::default();
    budget.max_depth = MAX_DEPTH;
    budget.flow_nesting_limit = MAX_DEPTH;
    budget.max_nodes = MAX_NODES;
    budget.max_events = 4 * MAX_NODES;
    budget.max_recorded_anchor_events = 4 * MAX_NODES;
    budget.max_recorded_anchor_bytes = MAX_BYTES;
    budget.max_total_scalar_bytes = MAX_BYTES;
    budget.max_documents = 1;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.alias_limits.max_total_replayed_events = MAX_NODES;
    options.alias_limits.max_replay_stack_depth = MAX_DEPTH;
    // Duplicates are reported all at once, each at its own place, when the value is made.
    options.duplicate_keys = DuplicateKeyPolicy::PassThrough;
    options.non_finite_float_policy = NonFiniteFloatPolicy::Reject;
    // Without this `on:` would be the key `true`.
    options.strict_booleans = true;
    options.reject_unsupported_tags = true;
    options.with_snippet = false;
    options
}
