//! How data gets to the other leg, and the points that are there.

use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::{Consistency, RecoveryPoint, ReplicationMode};
use muster_plans::time::{Span, Time};

use super::group::{Group, Side};
use crate::data::{Line, Upto};

/// How many asynchronous points a target keeps.
const POINTS_KEPT: usize = 6;
/// How many points of a journal are listed; any instant between them can be asked for as well.
const POINTS_LISTED: i64 = 10;

impl Group {
    /// Moves the target along for the time from `before` to `now`, in which nothing else changed.
    pub(super) fn replicate(&mut self, before: Time, now: Time) {
        let (Some(since), Some(source)) = (self.flowing, self.source()) else { return };
        match self.mode {
            ReplicationMode::Async => {
                for point in self.points_taken(since, before, now) {
                    self.arrive(1 - source, point);
                }
            }
            ReplicationMode::Cdp => {
                let held = now - self.cdp_lag;
                self.reach(1 - source, held.max(since));
            }
            // A synchronous target is at the head while data flows, a stretched one by its own
            // rules: nothing moves by itself.
            ReplicationMode::Sync | ReplicationMode::Stretched => {}
        }
    }

    /// Points whose transfer ended after `before` and up to `now`. Only the last few: older ones
    /// would be dropped at once.
    fn points_taken(&self, since: Time, before: Time, now: Time) -> Vec<Time> {
        let Some(every) = self.interval.filter(|every| every.0 > 0) else { return Vec::new() };
        let ended = (now - self.async_transfer).0 - self.phase.0 as i64;
        let last = ended.div_euclid(every.0 as i64);
        let taken = (last - POINTS_KEPT as i64 + 1..=last)
            .map(|nr| Time(nr * every.0 as i64 + self.phase.0 as i64));
        taken.filter(|point| *point >= since && *point + self.async_transfer > before).collect()
    }

    /// An asynchronous point is complete at the target.
    pub(crate) fn arrive(&mut self, target: Side, point: Time) {
        let leg = &mut self.legs[target];
        if leg.points.last().is_none_or(|last| *last < point) {
            leg.points.push(point);
            let surplus = leg.points.len().saturating_sub(POINTS_KEPT);
            leg.points.drain(..surplus);
        }
        self.reach(target, point);
    }

    /// The target holds everything up to an instant.
    pub(crate) fn reach(&mut self, target: Side, at: Time) {
        let leg = &mut self.legs[target];
        if let Upto::At(held) = leg.line.upto
            && held < at
        {
            leg.line = Line::at(leg.line.branch, at);
        }
    }

    /// Sends everything that the source has: what a sync and a drain do.
    pub(crate) fn send_all(&mut self, source: Side, now: Time) {
        match self.mode {
            ReplicationMode::Async => self.arrive(1 - source, now),
            ReplicationMode::Cdp => self.reach(1 - source, now),
            ReplicationMode::Sync | ReplicationMode::Stretched => {}
        }
    }

    /// How far a leg is behind, where it can know.
    pub(crate) fn lag(&self, side: Side, now: Time) -> Option<Span> {
        if !self.replicating {
            return None;
        }
        if self.equal() {
            return Some(Span::ZERO);
        }
        let behind = match (self.stretched(), self.ahead, self.source()) {
            (true, Some(ahead), _) => 1 - ahead,
            (true, None, _) => side,
            (false, _, Some(source)) => 1 - source,
            (false, _, None) => return None,
        };
        Some(now.since(self.legs[behind].line.until(now)))
    }

    /// Whether both legs hold the same, and nothing is being added to one of them alone.
    pub(crate) fn equal(&self) -> bool {
        match self.mode {
            ReplicationMode::Stretched => self.in_sync,
            ReplicationMode::Sync if self.flowing.is_some() => true,
            ReplicationMode::Sync | ReplicationMode::Async | ReplicationMode::Cdp => {
                self.replicating
                    && !self.legs.iter().any(|leg| leg.serving)
                    && self.undrained(0) == 0
                    && self.undrained(1) == 0
            }
        }
    }

    /// What a leg can be recovered to, newest first.
    pub(crate) fn points(&self, side: Side, now: Time, window: Span) -> Vec<RecoveryPoint> {
        let leg = &self.legs[side];
        if !self.stretched() && self.source() == Some(side) {
            return Vec::new();
        }
        let until = leg.line.until(now);
        let times: Vec<Time> = match self.mode {
            ReplicationMode::Async => leg.points.iter().rev().copied().collect(),
            ReplicationMode::Cdp => {
                let first = leg.journal_from.max(until - window);
                let minute = until.0.div_euclid(60_000);
                let marks = (0..POINTS_LISTED).map(|back| Time((minute - back) * 60_000));
                let marks = marks.filter(|mark| *mark >= first && *mark < until);
                std::iter::once(until).chain(marks).collect()
            }
            ReplicationMode::Sync | ReplicationMode::Stretched => vec![until],
        };
        let point = |taken_at: Time| RecoveryPoint {
            id: self.point_id(taken_at),
            taken_at,
            consistency: Consistency::Crash,
        };
        times.into_iter().map(point).collect()
    }

    pub(crate) fn point_id(&self, at: Time) -> RecoveryPointId {
        let mode = match self.mode {
            ReplicationMode::Stretched => "stretched",
            ReplicationMode::Sync => "sync",
            ReplicationMode::Async => "async",
            ReplicationMode::Cdp => "cdp",
        };
        RecoveryPointId::from(format!("{mode}@{}", at.0))
    }

    /// The instant that a point holds, if a leg still has it. `None` asks for the newest one.
    pub(crate) fn find_point(
        &self,
        side: Side,
        id: Option<&RecoveryPointId>,
        now: Time,
        window: Span,
    ) -> Option<Time> {
        let leg = &self.legs[side];
        let newest = leg.line.until(now);
        let Some(id) = id else {
            // A target that is being filled for the first time has nothing complete yet.
            let whole = self.mode != ReplicationMode::Async || leg.line.upto == Upto::Head;
            return if whole { Some(newest) } else { leg.points.last().copied() };
        };
        let at = id.as_str().rsplit_once('@')?.1.parse().map(Time).ok()?;
        let there = match self.mode {
            ReplicationMode::Async => leg.points.contains(&at),
            ReplicationMode::Cdp => at >= leg.journal_from.max(newest - window) && at <= newest,
            // There is only one state of a synchronous leg, and every id that was ever given for it
            // means that one.
            ReplicationMode::Sync | ReplicationMode::Stretched => {
                return (at <= newest).then_some(newest);
            }
        };
        there.then_some(at)
    }
}
