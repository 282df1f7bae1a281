//! Who may write: the rules of one group, as a function of the facts about it.
//!
//! | A | B | link | W sees A | W sees B | writers of a stretched group |
//! | --- | --- | --- | --- | --- | --- |
//! | up | up | up | any | any | A and B |
//! | up | up | down | y | y | the preferred one |
//! | up | up | down | y | n | A |
//! | up | up | down | n | y | B |
//! | up | up | down | n | n | the winner that the detach rule names, else none |
//! | down | up | - | - | y | B |
//! | down | up | - | - | n | none, unless a named person attests that A is off |
//!
//! The row with no witness holds for a witness that was lost *before* the link: the sites agreed on
//! it while they saw each other ([`Facts::static_rule`]). Where the link went first, the witness has
//! already named a writer, and that one stops when it loses the witness as well: it cannot tell a
//! dead witness from its own isolation, and the witness may be telling somebody that it is dead.
//!
//! A leg that is not up to date never becomes a writer by itself.

use muster_plans::guard::{Guard, holds};
use muster_plans::inventory::{DetachRule, ReplicaRole, ReplicationMode};
use muster_plans::time::Time;

use super::group::{Facts, Group, Resync, Side};
use crate::data::{Line, Upto};

/// What a decision changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Changes {
    /// Legs that began to acknowledge writes.
    pub(crate) started: Vec<Side>,
    /// Legs that stopped; `true` where it is for good.
    pub(crate) stopped: Vec<(Side, bool)>,
    /// A leg began to catch up.
    pub(crate) resync: Option<Resync>,
    /// Both legs take production writes by themselves, since now.
    pub(crate) torn: bool,
}

impl Group {
    /// Decides anew who may write. Called after each event that could matter.
    pub(crate) fn arbitrate(&mut self, now: Time, facts: &Facts) -> Changes {
        self.settle(now);
        if facts.contact || (facts.seen[0] && facts.seen[1]) {
            self.learn(facts.contact);
        }
        let resync = if self.stretched() {
            self.arbitrate_stretched(now, facts)
        } else {
            self.arbitrate_passive(now, facts)
        };
        let mut changes = Changes { resync, ..Changes::default() };
        self.serve(now, facts, &mut changes);
        changes
    }

    /// The legs tell each other their generations, directly or through the witness.
    fn learn(&mut self, contact: bool) {
        let [a, b] = [self.legs[0].generation, self.legs[1].generation];
        let closed = [!self.legs[0].open, !self.legs[1].open];
        for (side, (own, peer)) in [(a, b), (b, a)].into_iter().enumerate() {
            let leg = &mut self.legs[side];
            leg.peer_generation = peer;
            leg.peer_closed = closed[1 - side];
            leg.hold = false;
            leg.attested &= !contact;
            if peer > own && !self.replicating {
                leg.role = ReplicaRole::RemoteFailedOver;
                leg.open = false;
            }
        }
        if a == b && !self.replicating && self.legs.iter().all(|leg| leg.open) {
            // Each side was promoted on somebody's word while it could not see the other one.
            // Neither is the better one; a person promotes one of them.
            for leg in &mut self.legs {
                leg.open = false;
            }
        }
    }

    fn usable(&self, side: Side, facts: &Facts) -> bool {
        let leg = &self.legs[side];
        facts.up[side] && !facts.fenced[side] && leg.open && !leg.hold
    }

    fn arbitrate_stretched(&mut self, now: Time, facts: &Facts) -> Option<Resync> {
        if !self.replicating {
            self.resync = None;
            return None;
        }
        if facts.contact {
            if self.in_sync || self.resync.is_some() {
                return None;
            }
            let Some(from) = self.ahead else {
                self.join(self.legs[0].line.branch);
                return None;
            };
            self.resync = Some(Resync { since: now, from });
            return self.resync;
        }
        self.resync = None;
        if self.in_sync {
            self.in_sync = false;
            self.ahead = None;
            for leg in &mut self.legs {
                leg.line = Line::at(leg.line.branch, now);
            }
        }
        if self.ahead.is_none() {
            self.ahead = self.winner(facts);
            if let Some(side) = self.ahead {
                self.legs[side].line.upto = Upto::Head;
            }
        }
        None
    }

    /// Both legs hold the same again.
    pub(crate) fn join(&mut self, branch: usize) {
        self.in_sync = true;
        self.ahead = None;
        let generation = self.legs[0].generation.max(self.legs[1].generation);
        for leg in &mut self.legs {
            leg.line = Line::head(branch);
            leg.generation = generation;
        }
    }

    /// Which of two legs that hold the same goes on alone.
    fn winner(&self, facts: &Facts) -> Option<Side> {
        let usable = [self.usable(0, facts), self.usable(1, facts)];
        let site = |name: Option<&_>| name.and_then(|site| self.side(site));
        let only_open = |side: Side| usable[side] && self.legs[side].peer_closed;
        let side = match (usable[0] && facts.seen[0], usable[1] && facts.seen[1]) {
            // The other one was demoted: it does not write, whatever became of it.
            _ if only_open(0) => Some(0),
            _ if only_open(1) => Some(1),
            _ if facts.static_rule => match &self.detach {
                Some(DetachRule::Winner(winner)) => site(Some(winner)),
                Some(DetachRule::NoAutomaticWinner) | None => None,
            },
            (true, true) => site(self.preferred.as_ref()),
            (true, false) => Some(0),
            (false, true) => Some(1),
            (false, false) => None,
        };
        side.filter(|side| usable[*side])
    }

    fn arbitrate_passive(&mut self, now: Time, facts: &Facts) -> Option<Resync> {
        let source = self.source().filter(|_| self.replicating && facts.contact);
        let Some(from) = source else {
            self.resync = None;
            self.stop_flow(now);
            return None;
        };
        if self.flowing.is_some() || self.resync.is_some() {
            return None;
        }
        if self.mode == ReplicationMode::Async && self.legs[1 - from].points.last().is_some() {
            // The next cycle sends the difference; nothing has to catch up first.
            self.flowing = Some(now);
            return None;
        }
        self.resync = Some(Resync { since: now, from });
        self.resync
    }

    /// The target stays where it is.
    pub(crate) fn stop_flow(&mut self, now: Time) {
        if self.flowing.take().is_none() {
            return;
        }
        if let (ReplicationMode::Sync, Some(source)) = (self.mode, self.source()) {
            let line = &mut self.legs[1 - source].line;
            *line = Line::at(line.branch, now);
        }
    }

    /// A catch-up has ended.
    pub(crate) fn caught_up(&mut self, now: Time, resync: Resync) {
        self.settle(now);
        self.resync = None;
        let (from, to) = (resync.from, 1 - resync.from);
        let branch = self.legs[from].line.branch;
        if self.stretched() {
            self.join(branch);
            return;
        }
        if self.legs[to].line.branch != branch {
            self.legs[to].journal_from = now;
        }
        self.flowing = Some(now);
        self.legs[to].generation = self.legs[from].generation;
        self.legs[to].line = match self.mode {
            ReplicationMode::Sync => Line::head(branch),
            _ => Line::at(branch, self.legs[to].line.until(now)),
        };
        self.send_all(from, now);
    }

    fn serve(&mut self, now: Time, facts: &Facts, changes: &mut Changes) {
        for side in 0..2 {
            let may = match self.legs[side].role {
                ReplicaRole::FailedOver => true,
                _ if self.stretched() => {
                    self.in_sync || self.ahead == Some(side) || !holds(Guard::InSync)
                }
                ReplicaRole::Source => true,
                _ => false,
            };
            let serving = may && self.usable(side, facts);
            let leg = &mut self.legs[side];
            if serving && !leg.serving {
                leg.lost_since = None;
                changes.started.push(side);
            }
            if !serving && leg.serving {
                leg.lost_since = Some(now);
                let for_good = leg.role == ReplicaRole::RemoteFailedOver;
                changes.stopped.push((side, for_good || facts.fenced[side]));
            }
            leg.serving = serving;
        }
        let both = self.legs.iter().all(|leg| leg.serving);
        let torn = both && !(self.stretched() && self.in_sync);
        changes.torn = torn && !self.torn;
        self.torn = torn;
    }
}
