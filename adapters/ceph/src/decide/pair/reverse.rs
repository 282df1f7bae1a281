//! Whether replication may be turned round, and what is done with the other leg.

use muster_contract::{Mode, Reason};
use muster_plans::inventory::ReplicaRole;

use super::{Peer, Sight};
use crate::error::{later, not_now};
use crate::state::{Phase, Word};

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reversal {
    /// This leg is the source of a pair.
    Nothing,
    /// The other leg receives already, as it does after a planned promotion: only the word is left.
    Mark(Word),
    /// Images of the other leg begin anew, after what they hold was kept; then the word is left.
    Turn(Word),
}

pub(crate) fn reverse(sight: &Sight, peer: Option<&Peer>, mode: Mode) -> Result<Reversal, Reason> {
    let (group, other) = (&sight.group, &sight.peer);
    let there = |name: &str| {
        let image = sight.images.iter().find(|image| image.name == name)?;
        image.there.as_ref()
    };
    let received = sight.images.iter().all(|i| there(&i.name).is_some_and(|state| state.replays()));
    let split = sight.images.iter().any(|i| there(&i.name).is_some_and(|state| state.split()));
    let received = received && !sight.images.is_empty();
    let apart = split || peer.is_some_and(Peer::writable);
    let role = sight.role();
    if role == ReplicaRole::Source && sight.all_primary() && (received || !apart) {
        return Ok(Reversal::Nothing);
    }
    if mode == Mode::Unplanned {
        return Err(not_now("an unplanned run does not speak to the other site"));
    }
    if !sight.all_primary() {
        return Err(not_now(format!("the leg of {group} here was not promoted")));
    }
    let generation = sight.generation();
    let word = Word { site: sight.site.clone(), generation, phase: Phase::Source };
    let Some(peer) = peer else {
        if received {
            return Ok(Reversal::Mark(word));
        }
        return Err(later(format!(
            "nothing of {group} is received at {other}, and its cluster cannot be told to begin anew from \
             here: demote its images there and resync them, or give peerConf"
        )));
    };
    if peer.generation() >= generation && peer.word.as_ref().is_some_and(|w| w.site == *other) {
        let theirs = peer.generation();
        let text =
            format!("the other leg has generation {theirs}, which is not below {generation}");
        return Err(not_now(text));
    }
    if let Some(user) = &peer.user {
        return Err(not_now(format!("{user} has images of {group} open at {other}")));
    }
    // A daemon that has not looked yet says what it saw before: nothing is thrown away for that.
    let looked = |name: &str| there(name).is_some_and(|state| state.replays() || state.split());
    let late = peer.images.iter().find(|(_, name, primary)| !primary && !looked(name));
    if let Some((_, name, _)) = late {
        return Err(later(format!("rbd-mirror at {other} has not begun with {name} yet")));
    }
    Ok(if apart { Reversal::Turn(word) } else { Reversal::Mark(word) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    fn failed_over() -> Sight {
        let mut sight = source();
        for image in &mut sight.images {
            image.word = Some(word("paris", 2, Phase::FailedOver));
            image.there = Some(said("up+stopped", PRIMARY));
        }
        sight
    }

    #[test]
    fn what_receives_already_is_only_marked() {
        let mut sight = failed_over();
        let no = |sight: &Sight, peer: Option<&Peer>| {
            reverse(sight, peer, Mode::Planned).unwrap_err().message
        };
        assert!(no(&sight, None).contains("peerConf"));
        for image in &mut sight.images {
            image.there = Some(said("up+replaying", BEHIND));
        }
        let mark = Reversal::Mark(word("paris", 2, Phase::Source));
        assert_eq!(reverse(&sight, None, Mode::Planned), Ok(mark.clone()));
        assert_eq!(reverse(&sight, Some(&Peer::default()), Mode::Planned), Ok(mark));
        assert!(reverse(&sight, None, Mode::Unplanned).is_err());
        let peer = Peer { images: vec![("rbd".into(), "db".into(), false)], ..Peer::default() };
        sight.images[0].there = Some(end());
        assert!(no(&sight, Some(&peer)).contains("has not begun with db"));
        sight.images[0].there = Some(said("up+error", "split-brain"));
        let turn = Reversal::Turn(word("paris", 2, Phase::Source));
        assert_eq!(reverse(&sight, Some(&peer), Mode::Planned), Ok(turn));
        sight.images[0].primary = Some(false);
        assert!(no(&sight, None).contains("was not promoted"));
        assert_eq!(reverse(&source(), None, Mode::Unplanned), Ok(Reversal::Nothing));
    }

    #[test]
    fn an_old_primary_begins_anew_when_nobody_uses_it_and_it_is_older() {
        let sight = failed_over();
        let mut peer = Peer {
            images: vec![("rbd".into(), "db".into(), true)],
            word: Some(word("lyon", 1, Phase::Source)),
            user: None,
        };
        let turn = Reversal::Turn(word("paris", 2, Phase::Source));
        assert_eq!(reverse(&sight, Some(&peer), Mode::Planned), Ok(turn));
        peer.user = Some("10.0.0.7".into());
        let no = |peer: &Peer| reverse(&sight, Some(peer), Mode::Planned).unwrap_err().message;
        assert!(no(&peer).contains("10.0.0.7"));
        peer.user = None;
        peer.word = Some(word("lyon", 2, Phase::FailedOver));
        assert!(no(&peer).contains("not below"));
    }
}
