//! Values that remember where each of their parts stands.

use std::sync::Arc;

use super::Lines;
use crate::finding::{Finding, Place};
use crate::yaml::Node;

/// Which side of a field a finding points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The field's name.
    Key,
    /// The field's value.
    Value,
}

/// Where the parts of one document stand, by JSON pointer.
#[derive(Clone, Debug, Default)]
pub struct Places(Option<Arc<Source>>);

#[derive(Debug)]
struct Source {
    lines: Arc<Lines>,
    /// The byte of the file at which the document starts; nodes count from there.
    offset: usize,
    root: Node,
}

/// A value and the places of its parts.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where its parts stand.
    pub places: Places,
}

impl<T> Located<T> {
    /// A value that stands in no file; findings about it have pointers and no places.
    pub fn nowhere(value: T) -> Located<T> {
        Located { value, places: Places::default() }
    }
}

impl Places {
    pub(crate) fn new(lines: Arc<Lines>, offset: usize, root: Node) -> Places {
        Places(Some(Arc::new(Source { lines, offset, root })))
    }

    /// The place of a field's name or value. Where the pointer leads further than the file does
    /// (a field that is missing), it is the place of what would hold it.
    pub fn find(&self, pointer: &str, at: At) -> Option<Place> {
        let source = self.0.as_ref()?;
        let mut node = &source.root;
        let mut key = None;
        let mut whole = true;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            match node.child(&part) {
                Some((next_key, next)) => (key, node) = (next_key, next),
                None => {
                    whole = false;
                    break;
                }
            }
        }
        // A mapping or a list has no better place than the name that it stands under.
        let by_key = at == At::Key || !whole || !node.is_scalar();
        let span = key.filter(|_| by_key).unwrap_or(node.span);
        let shift = source.offset;
        Some(source.lines.place(span.start as usize + shift..span.end as usize + shift))
    }

    /// The file, if there is one.
    pub fn file(&self) -> Option<&str> {
        self.0.as_ref().map(|source| source.lines.name())
    }

    /// Puts a finding at a field's name or value.
    #[must_use]
    pub fn put(&self, finding: Finding, pointer: &str, at: At) -> Finding {
        Finding { place: self.find(pointer, at), ..finding.about(pointer) }
    }
}
