//! How old the data is that a journal's copy holds.
//!
//! That nothing is missing is said of the moment of a word, and of a disk that is written all the time it may never
//! be said. So it is remembered where the writer was at each word: once the copy is there, it holds all of before.

use muster_plans::time::{Span, Time};

use crate::said::{Position, Replay};

/// How long a writer may keep to itself how far it is: `rbd_journal_commit_age`, 5 s.
const SAID_AFTER: Span = Span::secs(5);

/// Words come twice a minute; a copy that is an hour behind has none that would help.
const KEPT: usize = 120;

/// Where the writer of an image was, and when, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Trail(Vec<(Time, Position)>);

impl Trail {
    /// Notes a word of an instant; from when the data is that the copy holds, where that is known.
    pub(crate) fn copied_at(&mut self, at: Time, replay: &Replay) -> Option<Time> {
        let newer = self.0.last().is_none_or(|(last, _)| *last < at);
        if let Some(writer) = replay.primary_position.filter(|_| newer) {
            self.0.push((at, writer));
            let many = self.0.len().saturating_sub(KEPT);
            self.0.drain(..many);
        }
        let whole = (replay.entries_behind_primary == Some(0)).then_some(at);
        let arrived = replay.non_primary_position;
        let passed = self.0.iter().rev().find(|(_, writer)| arrived.is_some_and(|a| a >= *writer));
        let at = whole.max(passed.map(|(at, _)| *at))?;
        Some(Time(at.0 - SAID_AFTER.0 as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(behind: u64, writer: (u64, u64), copy: (u64, u64)) -> Replay {
        let place = |(tag_tid, entry_tid)| Some(Position { tag_tid, entry_tid });
        Replay {
            entries_behind_primary: Some(behind),
            primary_position: place(writer),
            non_primary_position: place(copy),
            ..Replay::default()
        }
    }

    #[test]
    fn a_copy_of_what_is_always_written_is_as_old_as_the_last_word_that_it_has_passed() {
        let mut trail = Trail::default();
        let at = |seconds: i64| Time(seconds * 1000);
        assert_eq!(
            trail.copied_at(at(30), &replay(9, (1, 100), (1, 91))),
            None,
            "nothing is known yet"
        );
        assert_eq!(trail.copied_at(at(60), &replay(9, (1, 200), (1, 191))), Some(at(25)));
        assert_eq!(
            trail.copied_at(at(60), &replay(9, (1, 200), (1, 191))),
            Some(at(25)),
            "the same word"
        );
        assert_eq!(
            trail.copied_at(at(90), &replay(90, (1, 300), (1, 199))),
            Some(at(25)),
            "it falls back"
        );
        assert_eq!(
            trail.copied_at(at(120), &replay(8, (2, 8), (1, 305))),
            Some(at(85)),
            "another writer"
        );
        assert_eq!(trail.copied_at(at(150), &replay(0, (2, 9), (2, 9))), Some(at(145)));
    }
}
