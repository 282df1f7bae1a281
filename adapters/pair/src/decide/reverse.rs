//! Whether replication may be turned round.

use muster_contract::{Mode, Reason};
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use muster_contract::stop::{later, not_now};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversal {
    /// This leg is the source of a pair.
    Nothing,
    /// The other leg is told to turn, which it may refuse.
    Turn,
}

/// # Errors
/// Why not.
pub fn reverse(sight: &Sight<'_>, mode: Mode) -> Result<Reversal, Reason> {
    let (leg, other) = (sight.leg, sight.peer_site);
    let last = sight.peer.or(leg.peer.as_ref());
    let paired = last.is_some_and(|peer| peer.role == ReplicaRole::Target);
    if leg.role == ReplicaRole::Source && paired {
        return Ok(Reversal::Nothing);
    }
    if mode == Mode::Unplanned {
        return Err(not_now("an unplanned run does not speak to the other site"));
    }
    let Some(peer) = sight.peer else { return Err(later(format!("{other} does not answer"))) };
    if !sight.serves() {
        return Err(not_now(format!("the leg of {} here was not promoted", sight.group)));
    }
    if peer.writable {
        return Err(not_now(format!("the leg at {other} is writable; demote it first")));
    }
    if peer.generation >= leg.generation {
        let (own, peer) = (leg.generation, peer.generation);
        let text = format!("the other leg has generation {peer}, which is not below {own}");
        return Err(not_now(text));
    }
    if sight.fence.raised {
        return Err(not_now(format!("{other} is fenced from here; let it in first")));
    }
    Ok(Reversal::Turn)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Stage, report};
    use super::*;
    use crate::{Fence, Report};

    #[test]
    fn the_leg_that_was_promoted_becomes_the_source() {
        let mut stage = Stage::new(ReplicaRole::FailedOver, 2);
        let no = |stage: &Stage| reverse(&stage.sight(), Mode::Planned).unwrap_err().message;
        assert!(no(&stage).contains("does not answer"));
        stage.peer = Some(report(ReplicaRole::RemoteFailedOver, 1));
        assert!(no(&stage).contains("was not promoted"));
        stage.leg.open = true;
        assert_eq!(reverse(&stage.sight(), Mode::Planned), Ok(Reversal::Turn));
        assert!(reverse(&stage.sight(), Mode::Unplanned).is_err());
        stage.fence = Fence { raised: true, heard: false };
        assert!(no(&stage).contains("let it in"));
        stage.fence = Fence::default();
        stage.peer = Some(Report { writable: true, ..report(ReplicaRole::Source, 1) });
        assert!(no(&stage).contains("is writable"));
        stage.peer = Some(report(ReplicaRole::RemoteFailedOver, 2));
        assert!(no(&stage).contains("not below"));
    }

    #[test]
    fn a_pair_that_is_so_is_left_alone() {
        let mut stage = Stage::new(ReplicaRole::Source, 2);
        stage.leg.peer = Some(report(ReplicaRole::Target, 1));
        assert_eq!(reverse(&stage.sight(), Mode::Unplanned), Ok(Reversal::Nothing));
        stage.leg.role = ReplicaRole::Target;
        assert!(reverse(&stage.sight(), Mode::Planned).is_err());
    }
}
