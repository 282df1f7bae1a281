//! Who may do something at all: one holder of a run, one run of a plan, one life of a server.

use std::collections::{BTreeMap, BTreeSet};

use muster_engine::Event;
use muster_plans::id::{RunId, SiteName};
use muster_plans::time::Time;

use super::{Checker, Invariant, Verdict};
use crate::watch::Sight;

/// A lease that has neither run out nor been given back is not taken. Only where all clocks show the same:
/// a lease is judged by the clock of whoever wants it.
#[derive(Default)]
pub(super) struct OneHolder(BTreeMap<RunId, Time>);

impl Checker for OneHolder {
    fn see(&mut self, now: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Owned(run, fence) if self.0.get(run).is_some_and(|until| *until > now) => {
                let what = format!("{} took {run} while its lease was held", fence.owner.0);
                return Err((Invariant::OneHolder, what));
            }
            Sight::Deserted(run) => {
                let held = self.0.remove(run).is_some_and(|until| until > now);
                let what = format!("the lease on {run} was ended while it was held");
                return if held { Err((Invariant::OneHolder, what)) } else { Ok(()) };
            }
            Sight::Held(run, until) => {
                self.0.insert(*run, *until);
            }
            Sight::GivenBack(run) => {
                self.0.remove(run);
            }
            Sight::Rewound => self.0.clear(),
            _ => {}
        }
        Ok(())
    }
}

/// A plan's run is stored when the one before it has come to its end, or has halted.
#[derive(Default)]
pub(super) struct OneRun(BTreeSet<RunId>);

impl Checker for OneRun {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Created(run, ..) => {
                if let Some(other) = self.0.first() {
                    let what = format!("{run} was started while {other} had not ended");
                    return Err((Invariant::OneRun, what));
                }
                self.0.insert(*run);
            }
            Sight::Appended(append) => {
                for record in &append.records {
                    match record.event {
                        Event::Ended(_) => self.0.remove(&append.run),
                        Event::Resumed { .. } => self.0.insert(append.run),
                        _ => false,
                    };
                }
            }
            // Which runs there are is known from what is resumed and stored from now on.
            Sight::Rewound => self.0.clear(),
            _ => {}
        }
        Ok(())
    }
}

/// Once a server was let go on after a restore, nothing that was sent in an earlier life has an effect at
/// a site that could be told of it.
#[derive(Default)]
pub(super) struct OldLife {
    now: u64,
    /// When it was let go on. Effects are heard of later than they happen.
    since: Time,
    /// Which life each site was told of, and when it had said so.
    told: BTreeMap<SiteName, (u64, Time)>,
    silent: BTreeSet<SiteName>,
}

impl Checker for OldLife {
    fn see(&mut self, now: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Released(incarnation, silent) => {
                (self.now, self.since) = (*incarnation, now);
                self.silent = silent.iter().cloned().collect();
                Ok(())
            }
            Sight::Told(site, incarnation) => {
                self.told.insert((*site).clone(), (*incarnation, now));
                Ok(())
            }
            Sight::Had(effect)
                if self.told.get(&effect.site).is_some_and(|(life, since)| {
                    effect.token.incarnation < *life && effect.at > *since
                }) =>
            {
                let what =
                    format!("{} had its effect at a site that was told of a new life", effect.op);
                Err((Invariant::OldLife, what))
            }
            Sight::Had(effect)
                if effect.token.incarnation < self.now
                    && effect.at >= self.since
                    && !self.silent.contains(&effect.site) =>
            {
                let what = format!("{} of an earlier life had its effect", effect.op);
                Err((Invariant::OldLife, what))
            }
            _ => Ok(()),
        }
    }
}
