//! What one match says about another, without knowing any VM.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use crate::document::{GroupSpec, Match};

/// Whether a name stands for itself only.
pub(super) fn is_literal(name: &str) -> bool {
    !name.contains(['*', '?', '[', '{', '\\'])
}

/// A match with its pattern compiled.
pub(super) struct Picker<'a> {
    select: &'a Match,
    glob: Option<GlobMatcher>,
}

impl<'a> Picker<'a> {
    pub(super) fn new(select: &'a Match) -> Picker<'a> {
        let glob = select.name.as_deref().and_then(|name| Glob::new(name).ok());
        Picker { select, glob: glob.map(|glob| glob.compile_matcher()) }
    }

    /// Whether every VM that `inner` picks is picked by this one too. `false` where that cannot be
    /// said.
    pub(super) fn covers(&self, inner: &Match) -> bool {
        let outer = self.select;
        let in_glob = |name: &str| {
            is_literal(name) && self.glob.as_ref().is_some_and(|glob| glob.is_match(name))
        };
        let name = match (&outer.name, &inner.name) {
            (None, _) => true,
            (Some(outer), Some(inner)) => outer == inner || outer == "*" || in_glob(inner),
            (Some(outer), None) => outer == "*",
        };
        let policy = outer.policy.is_none() || outer.policy == inner.policy;
        let tags = outer.tags.iter().all(|(key, value)| inner.tags.get(key) == Some(value));
        name && policy && tags
    }
}

/// The same for equal matches only.
pub(super) fn key(select: &Match) -> String {
    format!("{select:?}")
}

/// Whether no VM can have both.
pub(super) fn tags_exclude(
    one: Option<&BTreeMap<String, String>>,
    other: Option<&BTreeMap<String, String>>,
) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    one.iter().any(|(key, value)| other.get(key).is_some_and(|v| v != value))
}

/// The tags that a group asks for.
pub(super) fn narrowing(group: &GroupSpec) -> Option<&BTreeMap<String, String>> {
    group.narrow.as_ref().map(|narrow| &narrow.tags)
}

/// A match as people read it: the name alone, or all that is asked for.
pub(super) fn text(select: &Match) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(select.name.clone());
    parts.extend(select.policy.as_ref().map(|policy| format!("policy {policy}")));
    parts.extend(select.tags.iter().map(|(key, value)| format!("{key}={value}")));
    if parts.is_empty() { "every VM".into() } else { parts.join(", ") }
}
