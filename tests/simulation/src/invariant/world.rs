//! What can be seen of the world alone: I1, I2, I10, I12, and what the world says itself.

use muster_contract::OperationKind;
use muster_plans::time::Time;

use super::{Checker, Invariant, Verdict};
use crate::watch::Sight;

/// I1.
pub(super) struct SingleActive;

impl Checker for SingleActive {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        let Sight::World(glance) = sight else { return Ok(()) };
        let mut running = glance.running.clone();
        running.sort();
        match running.windows(2).find(|two| two[0].0 == two[1].0) {
            Some(two) => Err((
                Invariant::SingleActive,
                format!("VM {} runs at {} and at {}", two[0].0, two[0].1, two[1].1),
            )),
            None => Ok(()),
        }
    }
}

/// I2.
pub(super) struct SingleWriter;

impl Checker for SingleWriter {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        let Sight::World(glance) = sight else { return Ok(()) };
        match glance.groups.iter().find(|g| g.serving == [true; 2] && !g.stretched_in_sync) {
            Some(group) => Err((
                Invariant::SingleWriter,
                format!(
                    "{} takes writes at {} and at {}",
                    group.id, group.sites[0], group.sites[1]
                ),
            )),
            None => Ok(()),
        }
    }
}

/// What the world has noted of itself: it looks at every write, not only at those moments at which
/// something is sent.
#[derive(Default)]
pub(super) struct Seen(usize);

impl Checker for Seen {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        let Sight::World(glance) = sight else { return Ok(()) };
        if glance.violations > self.0 {
            return Err((Invariant::World, String::from("the world has seen a broken promise")));
        }
        Ok(())
    }
}

/// I10 and I12.
#[derive(Default)]
pub(super) struct Discards((usize, usize));

impl Checker for Discards {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Had(effect) if effect.kind == OperationKind::Reverse => {
                let [own, other] = effect.generations;
                if other >= own {
                    let object = &effect.object;
                    return Err((
                        Invariant::Direction,
                        format!("{object} of generation {other} was overwritten by {own}"),
                    ));
                }
                Ok(())
            }
            Sight::World(glance) => {
                let (discarded, saved) = glance.discards;
                let before = std::mem::replace(&mut self.0, glance.discards);
                if discarded - before.0 > saved - before.1 {
                    let what = String::from("data was discarded without a snapshot");
                    return Err((Invariant::SafeCopy, what));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
