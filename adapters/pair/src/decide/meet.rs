//! What this leg makes of what the other one says.

use crate::{Leg, Report, leads};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// All is as it should be, or it is the other leg that has to do something.
    Nothing,
    /// The other one was promoted: this leg is neither source nor replica any more.
    StepDown,
    /// Both are open under one generation: both stop.
    Torn,
}

/// Compares the two.
pub fn meet(own: &Leg, theirs: &Report) -> Meeting {
    if !leads(own.role) || !leads(theirs.role) || theirs.generation < own.generation {
        Meeting::Nothing
    } else if theirs.generation > own.generation {
        Meeting::StepDown
    } else if own.open && theirs.open {
        Meeting::Torn
    } else {
        Meeting::Nothing
    }
}

#[cfg(test)]
mod tests {
    use muster_plans::inventory::ReplicaRole::{FailedOver, RemoteFailedOver, Source, Target};

    use super::super::tests::{Stage, report};
    use super::*;

    #[test]
    fn the_higher_generation_wins_and_of_two_alike_neither() {
        let own = |role, generation, open| {
            let mut stage = Stage::new(role, generation);
            stage.leg.open = open;
            stage.leg
        };
        let open = |role, generation| Report { open: true, ..report(role, generation) };
        assert_eq!(meet(&own(Source, 1, true), &open(FailedOver, 2)), Meeting::StepDown);
        assert_eq!(meet(&own(Source, 1, false), &report(FailedOver, 2)), Meeting::StepDown);
        assert_eq!(meet(&own(Source, 1, true), &open(Source, 2)), Meeting::StepDown);
        assert_eq!(meet(&own(FailedOver, 2, true), &open(Source, 1)), Meeting::Nothing);
        assert_eq!(meet(&own(FailedOver, 2, true), &open(Source, 2)), Meeting::Torn);
        assert_eq!(meet(&own(FailedOver, 2, false), &open(Source, 2)), Meeting::Nothing);
        for quiet in [Target, RemoteFailedOver] {
            assert_eq!(meet(&own(quiet, 1, false), &open(Source, 2)), Meeting::Nothing);
            assert_eq!(meet(&own(Source, 1, true), &report(quiet, 5)), Meeting::Nothing);
        }
    }
}
