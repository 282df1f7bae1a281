//! What a mirror is worth, in `state/mirrors/GROUP.json` at the target.

use muster_adapter_pair::point;
use muster_plans::id::RecoveryPointId;
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// For how long the last word of the source counts as "now".
const FRESH: Span = Span::secs(5);

/// Written when a mirror begins, and every second while it is in sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Word {
    /// Of the leg that writes to it.
    pub(crate) generation: u64,
    /// Every write that was acknowledged before is in it, by the source's clock; `None`: it is being filled
    /// and is of no use.
    pub(crate) at: Option<Time>,
    /// When that was heard, by the clock of this site.
    pub(crate) heard: Option<Time>,
}

impl Word {
    /// One that is being filled.
    pub(crate) fn empty(generation: u64) -> Word {
        Word { generation, at: None, heard: None }
    }

    /// After the source has said that both hold the same. Ids of points rise, whatever the clocks say.
    pub(crate) fn beat(&self, at: Time, heard: Time, points: &[RecoveryPointId]) -> Word {
        let at = point::at(point::next(at, points).as_str()).unwrap_or(at);
        let at = self.at.map_or(at, |before| at.max(before));
        Word { generation: self.generation, at: Some(at), heard: Some(heard) }
    }

    /// The point that it would be.
    pub(crate) fn point(&self) -> Option<RecoveryPointId> {
        self.at.map(point::id)
    }

    /// Whether both sites hold the same now, as far as can be known here.
    pub(crate) fn in_sync(&self, now: Time) -> bool {
        self.heard.is_some_and(|heard| now.since(heard) <= FRESH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_rises_and_grows_old() {
        let word = Word::empty(3);
        assert_eq!((word.point(), word.in_sync(Time(0))), (None, false));
        let word = word.beat(Time(10_000), Time(77_000), &[]);
        assert_eq!(word.point(), Some(point::id(Time(10_000))));
        assert!(word.in_sync(Time(82_000)) && !word.in_sync(Time(82_001)));
        let late = word.beat(Time(9_000), Time(78_000), &[]);
        assert_eq!(late.at, Some(Time(10_000)));
        let behind = word.beat(Time(9_000), Time(78_000), &[point::id(Time(50_000))]);
        assert_eq!(behind.at, Some(Time(50_001)));
    }
}
