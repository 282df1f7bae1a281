//! The tree of one document.

use serde_json::Value;

/// Bytes of a document, counted from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Bytes,
    pub(crate) content: Content,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Null, true or false, a number or a text.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A mapping, its entries in their order and duplicates still among them.
    Map(Vec<(String, Bytes, Node)>),
}

/// How much a node costs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    pub(super) nodes: usize,
    pub(super) bytes: usize,
    pub(super) depth: usize,
}

impl Node {
    /// A part of it, with the place of its key if it has one. Of duplicate keys the first counts.
    pub(crate) fn child(&self, part: &str) -> Option<(Option<Bytes>, &Node)> {
        match &self.content {
            Content::Scalar(_) => None,
            Content::List(items) => items.get(part.parse::<usize>().ok()?).map(|n| (None, n)),
            Content::Map(entries) => entries
                .iter()
                .find(|(key, ..)| key == part)
                .map(|(_, span, node)| (Some(*span), node)),
        }
    }

    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self.content, Content::Scalar(_))
    }

    pub(super) fn weight(&self) -> Weight {
        let mut all = Weight { nodes: 1, ..Weight::default() };
        let mut add = |inner: Weight| {
            all.nodes += inner.nodes;
            all.bytes += inner.bytes;
            all.depth = all.depth.max(inner.depth + 1);
        };
        match &self.content {
            Content::Scalar(value) => all.bytes = value.as_str().map_or(8, str::len),
            Content::List(items) => items.iter().for_each(|item| add(item.weight())),
            Content::Map(entries) => entries.iter().for_each(|(key, _, node)| {
                let Weight { nodes, bytes, depth } = node.weight();
                add(Weight { nodes: nodes + 1, bytes: bytes + key.len(), depth });
            }),
        }
        all
    }
}

/// The library's span in bytes.
pub(super) fn bytes(span: &granit_parser::Span) -> Bytes {
    let range = span.byte_range().unwrap_or_default();
    let small = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
    Bytes { start: small(range.start), end: small(range.end) }
}
