//! Collects what is wrong, all of it, and keeps each kind to one sentence.

use std::fmt;

use crate::finding::{Code, Finding};

/// Errors forbid a graph, warnings go with it.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) errors: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
}

impl Found {
    pub(crate) fn error(&mut self, code: Code, message: impl Into<String>, help: &str) {
        self.errors.push(Finding::error(code, message, help));
    }

    pub(crate) fn warning(&mut self, code: Code, message: impl Into<String>, help: &str) {
        self.warnings.push(Finding::warning(code, message, help));
    }

    /// Adds what was found at the same time, behind what is there.
    pub(crate) fn append(&mut self, mut later: Found) {
        self.errors.append(&mut later.errors);
        self.warnings.append(&mut later.warnings);
    }

    /// Everything, errors first.
    pub(crate) fn all(self) -> Vec<Finding> {
        self.errors.into_iter().chain(self.warnings).collect()
    }

    /// The same for a finding that is already made.
    pub(crate) fn push(&mut self, finding: Finding) {
        if finding.is_error() {
            self.errors.push(finding);
        } else {
            self.warnings.push(finding);
        }
    }
}

/// Names in a sentence: the first three, and how many more there are. A network that is mapped
/// nowhere is one mistake, also where ten thousand VMs are on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    first: Vec<String>,
    count: usize,
}

impl Names {
    pub(crate) fn add(&mut self, name: impl fmt::Display) {
        if self.first.len() < 3 {
            self.first.push(name.to_string());
        }
        self.count += 1;
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        let more = self.count - self.first.len();
        if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
    }
}

impl<T: fmt::Display> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Names {
        let mut all = Names::default();
        for name in names {
            all.add(name);
        }
        all
    }
}
