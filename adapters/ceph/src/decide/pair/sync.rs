//! Who sends what is not yet at the other leg, and when it is there.

use muster_contract::{Mode, Reason};
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Time;

use super::Sight;
use crate::error::{later, not_now};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// Both legs hold the same.
    Nothing,
    /// Snapshots are taken here, of images that are sent so; then it is waited for the copies.
    Send,
    /// Snapshots are taken at the other site's cluster.
    Ask,
    /// Everything was sent, or sends itself; it is only waited for.
    Wait,
}

/// `reach` is whether the other site's cluster may be told something.
pub(crate) fn sync(sight: &Sight, mode: Mode, reach: bool) -> Result<Sync, Reason> {
    let standing = sight.standing();
    if standing.in_sync {
        return Ok(Sync::Nothing);
    }
    match standing.role {
        ReplicaRole::Source | ReplicaRole::Target => {}
        _ => {
            return Err(not_now(format!("{} does not replicate; reverse it first", sight.group)));
        }
    }
    if mode == Mode::Unplanned && standing.role == ReplicaRole::Target {
        return Err(not_now("an unplanned run does not speak to the other site"));
    }
    let here = standing.role == ReplicaRole::Source;
    let answers = |image: &super::Image| {
        let state = if here { &image.there } else { &image.own };
        state.as_ref().is_some_and(|state| state.up() && !state.split())
    };
    if let Some(image) = sight.images.iter().find(|image| !answers(image)) {
        return Err(later(format!("rbd-mirror does not copy {} at present", image.name)));
    }
    Ok(match (here, sight.all_primary(), reach) {
        (true, true, _) => Sync::Send,
        (false, _, true) => Sync::Ask,
        _ => Sync::Wait,
    })
}

/// Whether the copies hold all that was written before an instant of this site's clock. What the other site's
/// daemon says has whole seconds.
pub(crate) fn caught_up(sight: &Sight, since: Time) -> bool {
    sight.standing().in_sync
        || sight.copied_at().is_some_and(|at| at.0 / 1000 >= since.0.div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    #[test]
    fn the_source_sends_and_a_copy_asks_or_waits() {
        assert_eq!(sync(&source(), Mode::Planned, false), Ok(Sync::Send));
        assert_eq!(sync(&target(), Mode::Test, true), Ok(Sync::Ask));
        assert_eq!(sync(&target(), Mode::Test, false), Ok(Sync::Wait));
        assert!(sync(&target(), Mode::Unplanned, true).is_err());
        assert_eq!(sync(&demoted(), Mode::Planned, false), Ok(Sync::Nothing));
        let mut sight = demoted();
        sight.images[0].there = Some(said("up+replaying", BEHIND));
        assert_eq!(sync(&sight, Mode::Planned, false), Ok(Sync::Wait));
        let mut sight = source();
        sight.images[0].there = Some(said("up+error", "split-brain"));
        assert!(sync(&sight, Mode::Planned, false).unwrap_err().message.contains("db"));
        sight.images.iter_mut().for_each(|i| {
            i.word = Some(word("paris", 2, crate::state::Phase::FailedOver));
        });
        assert!(sync(&sight, Mode::Planned, false).unwrap_err().message.contains("reverse"));
    }

    #[test]
    fn a_source_has_sent_when_no_older_snapshot_is_needed() {
        let mut sight = source();
        for image in &mut sight.images {
            image.snaps = snaps(&[(4, 10, false), (8, 20, true)]);
            image.there = Some(said("up+replaying", "replaying, {}"));
        }
        assert!(caught_up(&sight, Time(20_900)) && !caught_up(&sight, Time(21_000)));
        sight.images[1].snaps = snaps(&[(4, 10, true), (8, 20, true)]);
        assert!(!caught_up(&sight, Time(20_000)), "one image is still on its way");
        sight.images[1].snaps = snaps(&[(8, 20, true)]);
        assert!(!caught_up(&sight, Time(20_000)), "nobody can tell of the first one");
    }
}
