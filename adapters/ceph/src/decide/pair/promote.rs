//! Whether a leg may be made writable.

use muster_contract::Reason;
use muster_plans::inventory::ReplicaRole;

use super::{HEAD, Peer, Sight};
use crate::decide::Wish;
use crate::error::{later, not_now};
use crate::state::{Phase, Word};

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Promotion {
    /// It is so.
    Nothing,
    /// All images are primary, and the word is left at them: an earlier attempt was cut off before.
    Finish(Word),
    /// Images that are not primary are promoted, then the word is left.
    Promote(Word),
}

/// `peer` is the other leg as its cluster says now; `None`: it does not answer, or must not be asked.
pub(crate) fn promote(
    sight: &Sight,
    peer: Option<&Peer>,
    wish: Wish<'_>,
) -> Result<Promotion, Reason> {
    let (group, other) = (&sight.group, &sight.peer);
    if let Some(image) = sight.images.iter().find(|image| image.primary.is_none()) {
        return Err(not_now(format!("the image {} of {group} is not mirrored", image.name)));
    }
    if sight.fenced {
        return Err(not_now(format!("this site is fenced by {other}")));
    }
    let role = sight.role();
    let known = peer.map_or(0, Peer::generation);
    let generation = sight.generation().max(known).max(wish.above) + 1;
    let word = |phase, generation| Word { site: sight.site.clone(), generation, phase };
    if sight.all_primary() {
        return Ok(match (&sight.local.promoting, sight.word()) {
            (Some(begun), _) => Promotion::Finish(begun.clone()),
            (None, Some(last)) if last.site != sight.site => {
                Promotion::Finish(word(Phase::FailedOver, generation))
            }
            (None, _) => Promotion::Nothing,
        });
    }
    if peer.is_some_and(Peer::writable) {
        return Err(not_now(format!("the leg at {other} is writable; demote it first")));
    }
    let takes_back = role == ReplicaRole::Source;
    if !wish.forced {
        planned(sight, peer, role)?;
    }
    if !takes_back && let Some(image) = sight.images.iter().find(|image| !image.whole()) {
        return Err(not_now(format!("the copy of {} was never whole here", image.name)));
    }
    if let Some(point) = wish.point {
        let at = point.as_str().strip_prefix(HEAD).and_then(|at| at.parse::<i64>().ok());
        if at.is_none_or(|at| at > sight.now.0) {
            return Err(not_now(format!("{group} has no recovery point {point} here")));
        }
    }
    // What a promotion that was cut off had begun, it goes on with: some images may carry its word already.
    let begun = sight.local.promoting.as_ref().filter(|begun| begun.generation >= generation);
    let phase = if takes_back { Phase::Source } else { Phase::FailedOver };
    Ok(Promotion::Promote(begun.cloned().unwrap_or_else(|| word(phase, generation))))
}

/// Without evidence a leg is promoted only where it takes back what it gave up itself, or where it is the copy of
/// a leg that was demoted. That its images hold all of that is what Ceph itself looks at: it refuses to promote
/// an image without force before the demotion of the other one is there.
fn planned(sight: &Sight, peer: Option<&Peer>, role: ReplicaRole) -> Result<(), Reason> {
    let other = &sight.peer;
    // A daemon says for seconds after a demotion what it saw before; the cluster itself is believed first.
    if peer.is_none() && sight.images.iter().any(super::Image::there_primary) {
        let text = format!(
            "{other} was not demoted, by the last word of its rbd-mirror; this needs evidence that it cannot write"
        );
        return Err(later(text));
    }
    match role {
        ReplicaRole::RemoteFailedOver => {
            Err(not_now(format!("nothing is sent here from {other}: this is no replica of it")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    const PLAIN: Wish<'_> = Wish { point: None, forced: false, above: 0 };
    const FORCED: Wish<'_> = Wish { point: None, forced: true, above: 0 };

    fn no(sight: &Sight, peer: Option<&Peer>, wish: Wish<'_>) -> String {
        promote(sight, peer, wish).unwrap_err().message
    }

    fn at_lyon(generation: u64) -> Promotion {
        Promotion::Promote(word("lyon", generation, Phase::FailedOver))
    }

    #[test]
    fn a_copy_is_promoted_when_the_other_leg_was_demoted() {
        let mut sight = target();
        assert!(no(&sight, None, PLAIN).contains("was not demoted"));
        for image in &mut sight.images {
            (image.own, image.there) = (Some(end()), Some(end()));
        }
        assert_eq!(promote(&sight, None, Wish { above: 6, ..PLAIN }), Ok(at_lyon(7)));
        sight.images[0].there = Some(said("up+stopped", PRIMARY));
        assert!(no(&sight, None, PLAIN).contains("was not demoted"));
        assert_eq!(promote(&sight, Some(&Peer::default()), PLAIN), Ok(at_lyon(2)), "an old word");
        let open = Peer { images: vec![("rbd".into(), "db".into(), true)], ..Peer::default() };
        assert!(no(&sight, Some(&open), FORCED).contains("is writable"));
        let ahead = Peer { word: Some(word("paris", 9, Phase::Source)), ..Peer::default() };
        assert_eq!(promote(&sight, Some(&ahead), PLAIN), Ok(at_lyon(10)));
        sight.fenced = true;
        assert!(no(&sight, None, FORCED).contains("fenced by paris"));
        sight.images[0].primary = None;
        assert!(no(&sight, None, FORCED).contains("not mirrored"));
    }

    #[test]
    fn evidence_lets_a_copy_be_promoted_that_was_whole() {
        let mut sight = target();
        assert_eq!(promote(&sight, None, FORCED), Ok(at_lyon(2)));
        let at = super::super::point_id(muster_plans::time::Time(1_000));
        fn wish(point: &muster_plans::id::RecoveryPointId) -> Wish<'_> {
            Wish { point: Some(point), ..FORCED }
        }
        assert_eq!(promote(&sight, None, wish(&at)), Ok(at_lyon(2)));
        for other in ["head@99999999999999", "snap@1", "head@x"] {
            let other = other.into();
            assert!(no(&sight, None, wish(&other)).contains("no recovery point"), "{other}");
        }
        sight.images[1].snaps.clear();
        assert!(no(&sight, None, FORCED).contains("never whole"));
    }

    #[test]
    fn what_was_cut_off_is_done_to_the_end() {
        let mut sight = target();
        let begun = word("lyon", 5, Phase::FailedOver);
        sight.local.promoting = Some(begun.clone());
        sight.images[0].primary = Some(true);
        assert_eq!(promote(&sight, None, FORCED), Ok(Promotion::Promote(begun.clone())));
        sight.images[1].primary = Some(true);
        assert_eq!(promote(&sight, None, FORCED), Ok(Promotion::Finish(begun)));
        sight.local.promoting = None;
        let by_hand = Promotion::Finish(word("lyon", 2, Phase::FailedOver));
        assert_eq!(promote(&sight, None, FORCED), Ok(by_hand));
        sight.images.iter_mut().for_each(|i| i.word = Some(word("lyon", 5, Phase::FailedOver)));
        assert_eq!(promote(&sight, None, FORCED), Ok(Promotion::Nothing));
        assert_eq!(promote(&source(), None, PLAIN), Ok(Promotion::Nothing));
    }

    #[test]
    fn a_demoted_source_takes_its_leg_back_unless_the_other_was_promoted() {
        let mut sight = demoted();
        let back = Promotion::Promote(word("paris", 2, Phase::Source));
        assert_eq!(promote(&sight, None, PLAIN), Ok(back));
        sight.images[0].there = Some(said("up+stopped", PRIMARY));
        assert!(no(&sight, None, PLAIN).contains("was not demoted"));
        sight.images.iter_mut().for_each(|i| i.word = Some(word("lyon", 5, Phase::FailedOver)));
        sight.images[0].there = Some(end());
        assert!(no(&sight, None, PLAIN).contains("no replica"));
    }
}
