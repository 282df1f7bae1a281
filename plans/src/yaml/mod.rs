//! YAML to values with the position of every key and value. The YAML library is known here only.
//!
//! The library's events are read one by one and the tree is built on a stack of our own. A
//! deserializer would recurse, and at the depth that is allowed it would need more stack than a
//! worker thread has.

mod builder;
mod node;
mod problem;
mod scalar;
mod value;

use granit_parser::{Options, Parser};

pub(crate) use node::{Content, Node};
pub(crate) use problem::Problem;
pub(crate) use value::{bad_key, bad_text, control_character, to_value};

/// Bytes of one document.
pub(crate) const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Nodes of one document, aliases counted as often as they are used.
pub(crate) const MAX_NODES: usize = 100_000;
/// Mappings and lists inside each other.
pub(crate) const MAX_DEPTH: usize = 64;

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    let mut options = Options::default();
    // A little more than the depth, so that the depth is what is told.
    options.flow_nesting_limit = 2 * MAX_DEPTH;
    options.block_nesting_limit = 2 * MAX_DEPTH;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = builder::Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| problem::scan(&error))?;
        builder.take(event, node::bytes(&span))?;
    }
    builder.finish()
}
