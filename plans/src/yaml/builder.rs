//! Builds the tree from events.

use std::collections::BTreeMap;

use granit_parser::{Event, ScalarStyle};
use serde_json::Value;

use super::node::{Bytes, Content, Node, Weight};
use super::{MAX_BYTES, MAX_DEPTH, MAX_NODES, Problem, problem, scalar};

/// The collections that are open, the anchors that are complete, and what all of it costs.
#[derive(Debug, Default)]
pub(super) struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, Weight)>,
    nodes: usize,
    bytes: usize,
    root: Option<Node>,
}

/// A collection whose end was not seen yet. An anchor of 0 is none.
#[derive(Debug)]
struct Open {
    span: Bytes,
    anchor: usize,
    parts: Parts,
}

#[derive(Debug)]
enum Parts {
    List(Vec<Node>),
    Map { entries: Vec<(String, Bytes, Node)>, key: Option<(String, Bytes)> },
}

impl Builder {
    /// Takes the next event.
    pub(super) fn take(&mut self, event: Event<'_>, span: Bytes) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                untagged(tag.is_some(), span)?;
                self.scalar(&text, style, anchor, span)
            }
            Event::SequenceStart(_, anchor, tag) => {
                untagged(tag.is_some(), span)?;
                self.open(Open { span, anchor, parts: Parts::List(Vec::new()) })
            }
            Event::MappingStart(_, anchor, tag) => {
                untagged(tag.is_some(), span)?;
                let parts = Parts::Map { entries: Vec::new(), key: None };
                self.open(Open { span, anchor, parts })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::DocumentStart(..) if self.root.is_some() => Err(problem::second_document(span)),
            _ => Ok(()),
        }
    }

    /// The tree; a document without any node is null.
    pub(super) fn finish(self) -> Result<Node, Problem> {
        let nothing = Node { span: Bytes::default(), content: Content::Scalar(Value::Null) };
        Ok(self.root.unwrap_or(nothing))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        span: Bytes,
    ) -> Result<(), Problem> {
        self.spend(Weight { nodes: 1, bytes: text.len(), depth: 0 }, span)?;
        // Keys are texts whatever they look like, so that no two readings of one key exist.
        let value = match style {
            ScalarStyle::Plain if !self.wants_key() => scalar::plain(text),
            _ => text.into(),
        };
        self.put(Node { span, content: Content::Scalar(value) }, anchor)
    }

    fn open(&mut self, open: Open) -> Result<(), Problem> {
        if self.wants_key() {
            return Err(problem::complex_key(open.span));
        }
        self.spend(Weight { nodes: 1, bytes: 0, depth: 1 }, open.span)?;
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(Open { span, anchor, parts }) = self.open.pop() else { return Ok(()) };
        let content = match parts {
            Parts::List(items) => Content::List(items),
            Parts::Map { entries, .. } => Content::Map(entries),
        };
        self.put(Node { span, content }, anchor)
    }

    fn alias(&mut self, anchor: usize, span: Bytes) -> Result<(), Problem> {
        let Some((node, weight)) = self.anchors.get(&anchor) else {
            return Err(problem::alias_in_itself(span));
        };
        let (node, weight) = (node, *weight);
        let node =
            if self.fits(weight) { node.clone() } else { return Err(self.over(weight, span)) };
        if self.wants_key() && !node.is_scalar() {
            return Err(problem::complex_key(span));
        }
        self.spend(weight, span)?;
        // Where the alias stands is the place; what is inside keeps the place where it was written.
        self.put(Node { span, ..node }, 0)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        if anchor != 0 {
            // A copy is kept, which costs as much as the node itself.
            let weight = node.weight();
            self.spend(Weight { depth: 0, ..weight }, node.span)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Map { entries, key }) => match key.take() {
                Some((key, span)) => entries.push((key, span, node)),
                None => *key = Some((key_text(&node), node.span)),
            },
        }
        Ok(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { parts: Parts::Map { key: None, .. }, .. }))
    }

    fn fits(&self, weight: Weight) -> bool {
        self.nodes + weight.nodes <= MAX_NODES
            && self.bytes + weight.bytes <= 2 * MAX_BYTES
            && self.open.len() + weight.depth <= MAX_DEPTH
    }

    fn over(&self, weight: Weight, span: Bytes) -> Problem {
        if self.open.len() + weight.depth > MAX_DEPTH {
            problem::too_deep(span)
        } else if self.nodes + weight.nodes > MAX_NODES {
            problem::too_many_nodes(span)
        } else {
            problem::too_much_text(span)
        }
    }

    fn spend(&mut self, weight: Weight, span: Bytes) -> Result<(), Problem> {
        if !self.fits(weight) {
            return Err(self.over(weight, span));
        }
        self.nodes += weight.nodes;
        self.bytes += weight.bytes;
        Ok(())
    }
}

fn key_text(node: &Node) -> String {
    match &node.content {
        Content::Scalar(Value::String(text)) => text.clone(),
        Content::Scalar(other) => other.to_string(),
        Content::List(_) | Content::Map(_) => String::new(),
    }
}

fn untagged(tagged: bool, span: Bytes) -> Result<(), Problem> {
    if tagged { Err(problem::tag(span)) } else { Ok(()) }
}
