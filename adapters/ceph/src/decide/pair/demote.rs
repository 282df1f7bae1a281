//! What is left to do until a leg is read-only and drained.

use muster_contract::{Mode, Reason};
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use crate::error::{later, not_now};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demotion {
    /// It is so.
    Nothing,
    /// Images that are primary are demoted; then it is waited for the copies, or not.
    Close { wait: bool },
    /// All are demoted; the copies are waited for.
    Wait,
}

/// `user` is who has an image open here. Ceph would demote it all the same, and let them run into an error.
pub(crate) fn demote(sight: &Sight, mode: Mode, user: Option<&str>) -> Result<Demotion, Reason> {
    let standing = sight.standing();
    if !sight.any_primary() {
        let leads = matches!(standing.role, ReplicaRole::Source | ReplicaRole::FailedOver);
        let over = standing.drained || !leads || mode == Mode::Unplanned;
        return Ok(if over { Demotion::Nothing } else { Demotion::Wait });
    }
    if let Some(user) = user {
        return Err(not_now(format!("{user} has images of {} open", sight.group)));
    }
    // In an unplanned run it is worth a lot that this leg stops, even if nothing can be sent.
    let wait = mode != Mode::Unplanned && standing.role == ReplicaRole::Source;
    let up = |image: &super::Image| image.there.as_ref().is_some_and(|there| there.up());
    if wait && let Some(image) = sight.images.iter().find(|image| !up(image)) {
        return Err(later(format!(
            "rbd-mirror at {} does not answer for {}, so that nothing can be sent there",
            sight.peer, image.name
        )));
    }
    Ok(Demotion::Close { wait })
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::state::Phase;

    #[test]
    fn a_source_is_closed_when_nobody_uses_it_and_it_can_be_sent() {
        let mut sight = source();
        assert_eq!(demote(&sight, Mode::Planned, None), Ok(Demotion::Close { wait: true }));
        let reason = demote(&sight, Mode::Planned, Some("10.0.0.7")).unwrap_err();
        assert!(reason.message.contains("10.0.0.7 has images"), "{}", reason.message);
        sight.images[1].there = Some(said("down+unknown", "status not found"));
        let reason = demote(&sight, Mode::Planned, None).unwrap_err();
        assert_eq!(reason.class, muster_contract::ErrorClass::Retry);
        assert_eq!(demote(&sight, Mode::Unplanned, None), Ok(Demotion::Close { wait: false }));
    }

    #[test]
    fn what_is_closed_waits_for_its_copies() {
        let mut sight = demoted();
        assert_eq!(demote(&sight, Mode::Planned, None), Ok(Demotion::Nothing));
        sight.images[0].there = Some(said("up+replaying", BEHIND));
        assert_eq!(demote(&sight, Mode::Planned, None), Ok(Demotion::Wait));
        assert_eq!(demote(&sight, Mode::Unplanned, None), Ok(Demotion::Nothing));
        assert_eq!(demote(&target(), Mode::Planned, None), Ok(Demotion::Nothing));
    }

    #[test]
    fn what_was_failed_over_meanwhile_waits_for_nothing() {
        let mut sight = demoted();
        for image in &mut sight.images {
            image.own = Some(said("up+error", "split-brain detected"));
            image.there = Some(said("up+stopped", PRIMARY));
        }
        assert_eq!(sight.standing().role, ReplicaRole::RemoteFailedOver);
        assert_eq!(demote(&sight, Mode::Planned, None), Ok(Demotion::Nothing));
    }

    #[test]
    fn a_group_that_is_demoted_by_half_is_demoted_to_the_end() {
        let mut sight = source();
        sight.images[0].primary = Some(false);
        assert!(!sight.standing().writable);
        assert_eq!(demote(&sight, Mode::Planned, None), Ok(Demotion::Close { wait: true }));
        let mut sight = source();
        sight.images.iter_mut().for_each(|i| i.word = Some(word("paris", 2, Phase::FailedOver)));
        assert_eq!(demote(&sight, Mode::Planned, None), Ok(Demotion::Close { wait: false }));
    }
}
