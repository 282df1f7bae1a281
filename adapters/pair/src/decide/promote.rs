//! Whether a leg may be made writable, and from what.

use muster_contract::Reason;
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use crate::leads;
use muster_contract::stop::not_now;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// From which state of the data; `None`: the newest.
    pub point: Option<&'a RecoveryPointId>,
    /// Whether there is evidence that the other leg cannot be written.
    pub forced: bool,
    /// The highest generation that is known to whoever asks.
    pub above: u64,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promotion {
    /// It is so.
    Nothing,
    /// A demoted source takes back what it gave up; replication goes on.
    TakeBack {
        /// From now on.
        generation: u64,
    },
    /// The leg goes on with the data that it has, and is no replica any more.
    GoOn {
        /// From now on.
        generation: u64,
    },
    /// The leg begins again from a point.
    From {
        /// Which.
        point: RecoveryPointId,
        /// From now on.
        generation: u64,
    },
}

/// # Errors
/// Why not.
pub fn promote(sight: &Sight<'_>, wish: Wish<'_>) -> Result<Promotion, Reason> {
    let (leg, group, other) = (sight.leg, sight.group, sight.peer_site);
    let source = leg.role == ReplicaRole::Source;
    let other_point =
        wish.point.is_some() && leg.promoted.is_some() && leg.promoted.as_ref() != wish.point;
    let as_wished = sight.serves() && (source || !other_point);
    if as_wished && sight.sure {
        return Ok(Promotion::Nothing);
    }
    if sight.fence.heard {
        return Err(not_now(format!("this site is fenced by {other}")));
    }
    if sight.peer.is_some_and(|peer| peer.writable) {
        return Err(not_now(format!("the leg at {other} is writable; demote it first")));
    }
    if as_wished && !wish.forced && sight.peer.is_none() {
        return Err(not_now(format!(
            "{group} has returned here, and {other}, which may have been promoted meanwhile, does not answer; \
             this needs evidence that it cannot write"
        )));
    }
    if !wish.forced {
        planned(sight)?;
    }
    let known = sight.peer.or(leg.peer.as_ref()).map_or(0, |peer| peer.generation);
    let generation = leg.generation.max(known).max(wish.above) + 1;
    // It was open and stays what it is, above whatever was promoted meanwhile.
    if as_wished && sight.live {
        return Ok(Promotion::TakeBack { generation });
    }
    let gone = |point: &str| not_now(format!("{group} has no recovery point {point} here"));
    match wish.point {
        point if source => {
            let own =
                point.is_none() || point == leg.sealed.as_ref() || point == leg.promoted.as_ref();
            let refused = format!("{group} is the source here: it takes back only what it gave up");
            if own && sight.live {
                Ok(Promotion::TakeBack { generation })
            } else {
                Err(not_now(refused))
            }
        }
        Some(point) if sight.points.contains(point) => {
            Ok(Promotion::From { point: point.clone(), generation })
        }
        Some(point) => Err(gone(point.as_str())),
        // What was written here is newer than any point of it.
        None if leg.role != ReplicaRole::Target && sight.live => Ok(Promotion::GoOn { generation }),
        None => {
            let point = sight.points.first().ok_or_else(|| gone(""))?.clone();
            Ok(Promotion::From { point, generation })
        }
    }
}

/// Without evidence a leg is promoted only where the other one was demoted and nothing is missing, or
/// where it takes back what it gave up itself.
fn planned(sight: &Sight<'_>) -> Result<(), Reason> {
    let (leg, other) = (sight.leg, sight.peer_site);
    if leg.torn {
        return Err(not_now("both legs were written under one generation; a person has to choose"));
    }
    if leg.role == ReplicaRole::Source {
        let last = sight.peer.or(leg.peer.as_ref());
        return match last.filter(|peer| leads(peer.role) && peer.generation > leg.generation) {
            Some(_) => Err(not_now(format!("the leg at {other} was promoted meanwhile"))),
            None => Ok(()),
        };
    }
    let evidence = "this needs evidence that it cannot write";
    let Some(peer) = sight.peer else {
        return Err(not_now(format!("{other} does not answer; {evidence}")));
    };
    if peer.open {
        return Err(not_now(format!("{other} was not demoted; {evidence}")));
    }
    match leg.role {
        // It was promoted last and holds the newest data.
        ReplicaRole::FailedOver => Ok(()),
        ReplicaRole::Target if peer.role == ReplicaRole::Source => {
            let last = peer.sealed.as_ref().filter(|_| peer.drained);
            if last.is_some_and(|last| sight.points.first() == Some(last)) {
                return Ok(());
            }
            Err(not_now(format!("writes of {other} are not here; sync first")))
        }
        _ => Err(not_now(format!("nothing is sent here from {other}: this is no replica of it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Stage, id, report};
    use super::*;
    use crate::{Fence, Report};

    const PLAIN: Wish<'_> = Wish { point: None, forced: false, above: 0 };
    const FORCED: Wish<'_> = Wish { point: None, forced: true, above: 0 };

    /// A replica of three points.
    fn replica() -> Stage {
        let mut stage = Stage::new(ReplicaRole::Target, 0);
        stage.points = vec![id(30), id(20), id(10)];
        stage
    }

    fn demoted() -> Report {
        Report { sealed: Some(id(30)), drained: true, ..report(ReplicaRole::Source, 1) }
    }

    fn no(stage: &Stage, wish: Wish<'_>) -> String {
        promote(&stage.sight(), wish).unwrap_err().message
    }

    #[test]
    fn a_replica_is_promoted_when_the_source_was_demoted_and_drained() {
        let mut stage = replica();
        assert!(no(&stage, PLAIN).contains("does not answer"));
        stage.peer = Some(Report { open: true, ..demoted() });
        assert!(no(&stage, PLAIN).contains("was not demoted"));
        stage.peer = Some(Report { drained: false, ..demoted() });
        assert!(no(&stage, PLAIN).contains("sync first"));
        stage.peer = Some(Report { sealed: Some(id(31)), ..demoted() });
        assert!(no(&stage, PLAIN).contains("sync first"));
        stage.peer = Some(demoted());
        let done = promote(&stage.sight(), Wish { above: 6, ..PLAIN }).unwrap();
        assert_eq!(done, Promotion::From { point: id(30), generation: 7 });
        assert!(no(&stage, Wish { point: Some(&id(11)), ..PLAIN }).contains("no recovery point"));
    }

    #[test]
    fn evidence_lets_a_replica_be_promoted_but_never_beside_a_writer() {
        let mut stage = replica();
        stage.leg.peer = Some(report(ReplicaRole::Source, 4));
        let done = promote(&stage.sight(), Wish { point: Some(&id(20)), ..FORCED }).unwrap();
        assert_eq!(done, Promotion::From { point: id(20), generation: 5 });
        stage.peer = Some(Report { open: true, writable: true, ..report(ReplicaRole::Source, 1) });
        assert!(no(&stage, FORCED).contains("is writable"));
        stage.peer = None;
        stage.fence = Fence { heard: true, raised: false };
        assert!(no(&stage, FORCED).contains("fenced"));
        stage.fence = Fence::default();
        stage.points.clear();
        assert!(no(&stage, FORCED).contains("no recovery point"));
    }

    #[test]
    fn a_demoted_source_takes_its_leg_back_unless_the_other_was_promoted() {
        let mut stage = Stage::new(ReplicaRole::Source, 3);
        stage.live = true;
        stage.leg.sealed = Some(id(30));
        assert_eq!(promote(&stage.sight(), PLAIN), Ok(Promotion::TakeBack { generation: 4 }));
        assert!(no(&stage, Wish { point: Some(&id(20)), ..FORCED }).contains("takes back only"));
        stage.leg.peer = Some(report(ReplicaRole::FailedOver, 4));
        assert!(no(&stage, PLAIN).contains("was promoted meanwhile"));
        stage.leg.peer = None;
        stage.leg.torn = true;
        assert!(no(&stage, PLAIN).contains("a person has to choose"));
        assert!(promote(&stage.sight(), FORCED).is_ok());
    }

    #[test]
    fn what_was_promoted_stays_so_and_another_point_is_another_wish() {
        let mut stage = replica();
        stage.leg.role = ReplicaRole::FailedOver;
        (stage.leg.open, stage.live, stage.leg.generation) = (true, true, 2);
        stage.leg.promoted = Some(id(20));
        assert_eq!(promote(&stage.sight(), FORCED), Ok(Promotion::Nothing));
        let other = Wish { point: Some(&id(10)), ..FORCED };
        assert_eq!(
            promote(&stage.sight(), other),
            Ok(Promotion::From { point: id(10), generation: 3 })
        );
        stage.leg.open = false;
        assert!(no(&stage, PLAIN).contains("does not answer"));
        stage.peer = Some(report(ReplicaRole::RemoteFailedOver, 1));
        assert_eq!(promote(&stage.sight(), PLAIN), Ok(Promotion::GoOn { generation: 3 }));
        stage.leg.role = ReplicaRole::RemoteFailedOver;
        assert!(no(&stage, PLAIN).contains("no replica"));
        assert_eq!(promote(&stage.sight(), FORCED), Ok(Promotion::GoOn { generation: 3 }));
    }

    #[test]
    fn a_leg_that_returned_is_opened_on_evidence_only() {
        let mut stage = Stage::new(ReplicaRole::Source, 3);
        (stage.leg.open, stage.live, stage.sure) = (true, true, false);
        assert!(no(&stage, PLAIN).contains("has returned here"));
        let taken = promote(&stage.sight(), Wish { above: 5, ..FORCED }).unwrap();
        assert_eq!(taken, Promotion::TakeBack { generation: 6 });
        stage.sure = true;
        assert_eq!(promote(&stage.sight(), PLAIN), Ok(Promotion::Nothing));
        stage.leg.role = ReplicaRole::FailedOver;
        stage.sure = false;
        assert_eq!(
            promote(&stage.sight(), FORCED),
            Ok(Promotion::TakeBack { generation: 4 }),
            "it goes on with its data, not from a point"
        );
    }
}
