//! Demote, prefer, reverse. Each answers with the record to write; `None`: it is so.

use muster_contract::{Mode, Reason};
use muster_plans::id::SiteName;
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use crate::error::{later, not_now};
use crate::state::Shared;

/// The leg here takes no writes any more, by the record. That the clients of this site keep to it is for its
/// hypervisors; what makes them is a fence.
pub(crate) fn demote(sight: &Sight) -> Result<Option<Shared>, Reason> {
    if !sight.own()?.open {
        return Ok(None);
    }
    let mut next = sight.next();
    if let Some(leg) = next.legs.get_mut(&sight.site) {
        leg.open = false;
    }
    Ok(Some(next))
}

/// The preferred leg counts as the source.
pub(crate) fn prefer(sight: &Sight, site: &SiteName) -> Result<Option<Shared>, Reason> {
    let leg = sight.shared.legs.get(site);
    let leg = leg.ok_or_else(|| not_now(format!("{site} has no leg of {}", sight.group)))?;
    if sight.shared.preferred == *site {
        return Ok(None);
    }
    if !sight.may_write(leg) {
        return Err(not_now(format!("the leg at {site} is not writable")));
    }
    let alone = *site == sight.site && !sight.cluster.contact;
    if sight.shared.replicating && !sight.in_sync() && !alone {
        return Err(not_now(format!("the leg at {site} is not up to date")));
    }
    let mut next = sight.next();
    next.preferred = site.clone();
    if next.replicating {
        for (name, leg) in &mut next.legs {
            leg.role = if name == site { ReplicaRole::Source } else { ReplicaRole::Target };
        }
    }
    Ok(Some(next))
}

/// The legs come together again. There is one set of images, and Ceph has brought the other site's copies of
/// them up to date by itself: nothing is discarded.
pub(crate) fn reverse(sight: &Sight, mode: Mode) -> Result<Option<Shared>, Reason> {
    let (own, peer, other) = (sight.own()?, sight.other()?, &sight.peer);
    let paired = sight.shared.replicating && own.role == ReplicaRole::Source;
    if paired && peer.role == ReplicaRole::Target && peer.open {
        return Ok(None);
    }
    if mode == Mode::Unplanned {
        return Err(not_now("an unplanned run does not speak to the other site"));
    }
    if !sight.cluster.contact {
        return Err(later(format!("{other} is not back in the cluster")));
    }
    if !own.open {
        return Err(not_now(format!("the leg of {} here was not promoted", sight.group)));
    }
    if sight.peer_serves() && !sight.shared.replicating {
        return Err(not_now(format!("the leg at {other} is writable; demote it first")));
    }
    if !sight.shared.replicating && peer.generation >= own.generation {
        let (own, peer) = (own.generation, peer.generation);
        let text = format!("the other leg has generation {peer}, which is not below {own}");
        return Err(not_now(text));
    }
    let mut next = sight.next();
    let generation = own.generation.max(peer.generation);
    next.replicating = true;
    for (name, leg) in &mut next.legs {
        let own = *name == sight.site;
        leg.role = if own { ReplicaRole::Source } else { ReplicaRole::Target };
        (leg.open, leg.generation) = (true, generation);
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{paris, turned};
    use super::*;

    #[test]
    fn the_preferred_leg_is_the_source() {
        let mut sight = paris();
        assert_eq!(prefer(&sight, &"paris".into()), Ok(None));
        let next = prefer(&sight, &"lyon".into()).unwrap().unwrap();
        assert_eq!(next.legs["lyon"].role, ReplicaRole::Source);
        assert_eq!((next.legs["paris"].role, next.revision), (ReplicaRole::Target, 1));
        assert!(prefer(&sight, &"rome".into()).is_err());
        sight.cluster.clean = false;
        assert!(prefer(&sight, &"lyon".into()).unwrap_err().message.contains("up to date"));
        sight.cluster.contact = false;
        assert!(prefer(&turned(&sight), &"lyon".into()).is_ok(), "it is alone");
        sight.shared = demote(&turned(&sight)).unwrap().unwrap();
        assert!(prefer(&sight, &"lyon".into()).unwrap_err().message.contains("not writable"));
    }

    #[test]
    fn a_leg_is_demoted_once() {
        let mut sight = paris();
        sight.shared = demote(&sight).unwrap().unwrap();
        assert!(!sight.serves() && turned(&sight).serves() && sight.drained());
        assert_eq!(demote(&sight), Ok(None));
    }

    #[test]
    fn legs_come_together_when_the_cluster_is_whole() {
        let mut sight = turned(&paris());
        for (site, leg) in &mut sight.shared.legs {
            let own = site.as_str() == "lyon";
            let (role, generation) = match own {
                true => (ReplicaRole::FailedOver, 2),
                false => (ReplicaRole::RemoteFailedOver, 1),
            };
            (leg.role, leg.generation) = (role, generation);
        }
        sight.shared.replicating = false;
        sight.cluster.contact = false;
        let no = |sight: &Sight| reverse(sight, Mode::Planned).unwrap_err();
        assert_eq!(no(&sight).class, muster_contract::ErrorClass::Retry);
        sight.cluster.contact = true;
        assert!(reverse(&sight, Mode::Unplanned).is_err());
        assert!(no(&turned(&sight)).message.contains("is writable"));
        let next = reverse(&sight, Mode::Planned).unwrap().unwrap();
        assert!(next.replicating && next.legs["paris"].open);
        assert_eq!(next.legs["paris"].generation, 2);
        sight.shared = next;
        assert_eq!(reverse(&sight, Mode::Planned), Ok(None));
    }
}
