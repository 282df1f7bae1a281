//! Findings about one document, up to a number that helps.

use crate::finding::Finding;

/// More findings about one document help nobody.
pub(super) const MAX_FINDINGS: usize = 200;

/// The first findings, and how many there were after them. All of them are errors.
#[derive(Debug, Default)]
pub(super) struct Collected {
    findings: Vec<Finding>,
    more: usize,
}

impl Collected {
    /// Takes one more. It is only made where it is kept: to place a finding costs a walk over its
    /// line, and a hostile document is one line of ten megabytes with a mistake in every field.
    pub(super) fn push(&mut self, finding: impl FnOnce() -> Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding());
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// By line and column; the last one says how many more there are.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.findings.sort_by(|a, b| a.place.cmp(&b.place));
        if let (true, Some(last)) = (self.more > 0, self.findings.last_mut()) {
            let more = self.more;
            last.help
                .push_str(&format!("; {more} more findings about this document are not shown"));
        }
        self.findings
    }
}
