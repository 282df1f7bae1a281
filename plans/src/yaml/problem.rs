//! Why a document could not be read.

use granit_parser::{ErrorKind, ScanError};

use super::node::Bytes;
use super::{MAX_BYTES, MAX_DEPTH, MAX_NODES};
use crate::finding::{Code, shown};

/// What went wrong, and at which bytes of the document.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) at: Bytes,
}

/// What the library refused.
pub(super) fn scan(error: &ScanError) -> Problem {
    let byte = error.marker().byte_offset().unwrap_or(0);
    let byte = u32::try_from(byte).unwrap_or(u32::MAX);
    let at = Bytes { start: byte, end: byte };
    let why = format!("this is not YAML: {}", shown(&error.info()));
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(at),
        _ if why.contains("anchor") => {
            syntax(&why, "write the anchor (`&name`) before the alias (`*name`)", at)
        }
        _ => syntax(
            &why,
            "look at indentation, quotes and brackets here and in the line before; indent with \
             spaces, and quote texts that hold `: ` or ` #`",
            at,
        ),
    }
}

pub(super) fn tag(at: Bytes) -> Problem {
    let help = "remove the tag; a secret is stored on the server and named by `secretRef`";
    syntax("the plan language has no tags", help, at)
}

pub(super) fn second_document(at: Bytes) -> Problem {
    syntax("a second document starts here", "write `---` on a line of its own before it", at)
}

pub(super) fn complex_key(at: Bytes) -> Problem {
    syntax("a mapping or a list cannot be a key", "write a name before the colon", at)
}

pub(super) fn alias_in_itself(at: Bytes) -> Problem {
    syntax("the alias stands inside its own anchor", "write the value out", at)
}

pub(super) fn too_deep(at: Bytes) -> Problem {
    limit(format!("mappings and lists are more than {MAX_DEPTH} deep"), at)
}

pub(super) fn too_many_nodes(at: Bytes) -> Problem {
    limit(format!("the document has more than {MAX_NODES} nodes, with aliases written out"), at)
}

pub(super) fn too_much_text(at: Bytes) -> Problem {
    limit(format!("the texts have more than {MAX_BYTES} bytes, with aliases written out"), at)
}

fn limit(message: String, at: Bytes) -> Problem {
    let help = "split the document; a plan of this size is mostly made by a tool that went wrong";
    Problem { code: Code::LimitExceeded, message, help: help.into(), at }
}

fn syntax(why: &str, help: &str, at: Bytes) -> Problem {
    Problem { code: Code::YamlSyntax, message: why.into(), help: help.into(), at }
}
