//! Whether this leg becomes the replica of the other one, and what of it is given up.

use muster_contract::Reason;
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use crate::{Report, leads};
use muster_contract::stop::not_now;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is its replica.
    Nothing,
    /// What is here is kept as a snapshot and given up.
    GiveUp,
}

/// `used`: somebody has files of the live data open.
///
/// # Errors
/// Why not.
pub fn turn(
    sight: &Sight<'_>,
    sender: &Report,
    mounted: bool,
    used: Option<&str>,
) -> Result<Turn, Reason> {
    let (leg, other) = (sight.leg, sight.peer_site);
    if sender.generation <= leg.generation {
        let (own, theirs) = (leg.generation, sender.generation);
        let text = format!("the leg here has generation {own}, which is not below {theirs}");
        return Err(not_now(text));
    }
    if sight.fence.raised {
        return Err(not_now(format!("{other} is fenced from here")));
    }
    if !leads(sender.role) {
        return Err(not_now(format!("the leg at {other} was not promoted")));
    }
    // Above the generation alone nobody is served any more; this is for the case that it was lowered.
    if sight.serves() {
        return Err(not_now(format!("the leg of {} here is writable", sight.group)));
    }
    if let Some(used) = used {
        return Err(not_now(format!("{used} has files of {} open", sight.group)));
    }
    if mounted {
        return Err(not_now(format!("{} is mounted here", sight.group)));
    }
    let same = leg.origin == sender.origin;
    let replica = leg.role == ReplicaRole::Target && same && !sight.live;
    Ok(if replica { Turn::Nothing } else { Turn::GiveUp })
}

/// Points of a history that is not gone on with: newer than the one that was promoted, or not known to
/// whoever is the source now.
pub fn abandoned(
    own: &[RecoveryPointId],
    base: Option<&RecoveryPointId>,
    known: Option<&[RecoveryPointId]>,
) -> Vec<RecoveryPointId> {
    let later = |point: &RecoveryPointId| base.is_some_and(|base| point > base);
    let strange = |point: &RecoveryPointId| known.is_some_and(|known| !known.contains(point));
    own.iter().filter(|point| later(point) || strange(point)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Stage, id, report};
    use super::*;
    use crate::Fence;

    #[test]
    fn nobody_is_turned_who_may_still_be_written() {
        let mut stage = Stage::new(ReplicaRole::RemoteFailedOver, 1);
        stage.live = true;
        let promoted = report(ReplicaRole::FailedOver, 2);
        let asked = |stage: &Stage, mounted, used| turn(&stage.sight(), &promoted, mounted, used);
        assert_eq!(asked(&stage, false, None), Ok(Turn::GiveUp));
        assert!(asked(&stage, true, None).unwrap_err().message.contains("mounted"));
        assert!(asked(&stage, false, Some("qemu")).unwrap_err().message.contains("open"));
        stage.fence = Fence { raised: true, heard: false };
        assert!(asked(&stage, false, None).is_err());
        stage.fence = Fence::default();
        stage.leg.generation = 2;
        assert!(asked(&stage, false, None).unwrap_err().message.contains("not below"));
        stage.leg.generation = 1;
        let lower = report(ReplicaRole::Target, 2);
        assert!(turn(&stage.sight(), &lower, false, None).is_err());
        (stage.leg.role, stage.leg.open) = (ReplicaRole::Source, true);
        assert!(asked(&stage, false, None).unwrap_err().message.contains("writable"));
    }

    #[test]
    fn a_second_time_nothing_is_given_up() {
        let stage = Stage::new(ReplicaRole::Target, 1);
        let promoted = report(ReplicaRole::FailedOver, 2);
        assert_eq!(turn(&stage.sight(), &promoted, false, None), Ok(Turn::Nothing));
    }

    #[test]
    fn only_the_common_history_stays() {
        let own = [id(40), id(30), id(20), id(10)];
        let known = [id(30), id(20)];
        assert_eq!(abandoned(&own, Some(&id(20)), Some(&known)), [id(40), id(30), id(10)]);
        assert_eq!(abandoned(&own, Some(&id(20)), None), [id(40), id(30)]);
        assert!(abandoned(&own, None, None).is_empty());
    }
}
