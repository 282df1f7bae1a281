//! The history that a leg holds.

use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

use super::Data;

/// How far on its branch a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Upto {
    /// It has everything, and gets every record as it is written.
    Head,
    /// It has what was written up to this instant.
    At(Time),
}

/// A branch up to an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) branch: usize,
    pub(crate) upto: Upto,
}

impl Line {
    pub(crate) fn head(branch: usize) -> Line {
        Line { branch, upto: Upto::Head }
    }

    pub(crate) fn at(branch: usize, at: Time) -> Line {
        Line { branch, upto: Upto::At(at) }
    }

    /// The instant up to which it holds everything of its branch.
    pub(crate) fn until(&self, now: Time) -> Time {
        match self.upto {
            Upto::Head => now,
            Upto::At(at) => at,
        }
    }
}

impl Data {
    /// The branches that make up a line, from its own back to the first, each with how far.
    pub(crate) fn lineage(&self, line: &Line) -> Vec<(usize, Time)> {
        let mut upto = match line.upto {
            Upto::Head => Time(i64::MAX),
            Upto::At(at) => at,
        };
        let mut branch = line.branch;
        let mut parts = vec![(branch, upto)];
        while let Some(fork) = self.branches[branch].parent {
            // A line that ends before its branch left the parent ends on the parent.
            upto = upto.min(fork.at);
            branch = fork.branch;
            parts.push((branch, upto));
        }
        parts
    }

    /// Records that one line holds and the other does not.
    pub(crate) fn only_in(&self, one: &Line, other: &Line) -> u64 {
        let theirs = self.lineage(other);
        self.lineage(one)
            .into_iter()
            .map(|(branch, upto)| {
                let shared = theirs.iter().find(|(b, _)| *b == branch).map(|(_, upto)| *upto);
                self.between(branch, shared, upto)
            })
            .sum()
    }

    /// Records of one branch after `after` (`None`: all) and up to `upto`.
    fn between(&self, branch: usize, after: Option<Time>, upto: Time) -> u64 {
        let count = |at: Time| -> u64 {
            self.branches[branch].segments.iter().map(|segment| segment.after(at)).sum()
        };
        let beyond = count(upto);
        after.map_or_else(|| count(Time(i64::MIN)), count).saturating_sub(beyond)
    }
}
