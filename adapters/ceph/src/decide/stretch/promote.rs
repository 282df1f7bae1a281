//! Whether a leg may be made writable.

use muster_contract::Reason;
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use crate::decide::Wish;
use crate::error::{later, not_now};
use crate::state::Shared;

/// The record to write; `None`: it is so.
pub(crate) fn promote(sight: &Sight, wish: Wish<'_>) -> Result<Option<Shared>, Reason> {
    let (own, peer, other) = (sight.own()?, sight.other()?, &sight.peer);
    let replicating = sight.shared.replicating;
    let promoted = matches!(own.role, ReplicaRole::Source | ReplicaRole::FailedOver);
    // Of a site that is given up nobody must hear later that it belongs to the pair as if nothing had
    // happened, also where the cluster has made this site the only writer by itself.
    let give_up =
        replicating && wish.forced && (!sight.cluster.contact || sight.cluster.peer_fenced);
    if sight.serves() && promoted && !give_up {
        return Ok(None);
    }
    if sight.cluster.own_fenced {
        return Err(not_now(format!("this site is fenced by {other}")));
    }
    if !sight.cluster.serves {
        let text = "the cluster does not serve this site: it has no monitor in the quorum, or data is not active";
        return Err(later(text));
    }
    let taken_back = sight.in_sync() && own.role == ReplicaRole::Source;
    if sight.peer_serves() && !taken_back {
        return Err(not_now(format!("the leg at {other} is writable; demote it first")));
    }
    if !wish.forced && !taken_back {
        planned(sight)?;
    }
    let together = replicating && sight.in_sync() && !give_up;
    let mut next = sight.next();
    next.replicating = together;
    let generation = own.generation.max(peer.generation).max(wish.above) + 1;
    for (name, leg) in &mut next.legs {
        let own = *name == sight.site;
        leg.role = match (own, together) {
            (true, true) => ReplicaRole::Source,
            (true, false) => ReplicaRole::FailedOver,
            (false, true) => ReplicaRole::Target,
            (false, false) => ReplicaRole::RemoteFailedOver,
        };
        if own {
            (leg.open, leg.generation) = (true, generation);
        }
    }
    Ok(Some(next))
}

/// Without evidence a leg is promoted only where the other one was demoted and nothing is missing.
fn planned(sight: &Sight) -> Result<(), Reason> {
    let (own, peer, other) = (sight.own()?, sight.other()?, &sight.peer);
    let evidence = "this needs evidence that it cannot write";
    if !sight.cluster.contact {
        return Err(not_now(format!("{other} is not in the cluster; {evidence}")));
    }
    if peer.open && peer.role != ReplicaRole::RemoteFailedOver {
        return Err(not_now(format!("{other} was not demoted; {evidence}")));
    }
    match (sight.shared.replicating, own.role) {
        (false, ReplicaRole::FailedOver) => Ok(()),
        (false, _) => Err(not_now(format!("{other} was promoted; reverse it first"))),
        (true, _) if !sight.in_sync() => Err(later(format!("{} is catching up", sight.group))),
        (true, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::demote;
    use super::super::tests::{paris, turned};
    use super::*;

    const PLAIN: Wish<'_> = Wish { point: None, forced: false, above: 0 };
    const FORCED: Wish<'_> = Wish { point: None, forced: true, above: 3 };

    fn no(sight: &Sight, wish: Wish<'_>) -> String {
        promote(sight, wish).unwrap_err().message
    }

    #[test]
    fn a_planned_promotion_needs_a_demoted_leg_and_turns_the_roles() {
        let paris = paris();
        assert_eq!(promote(&paris, PLAIN), Ok(None));
        let mut lyon = turned(&paris);
        assert!(no(&lyon, PLAIN).contains("is writable"));
        lyon.shared = demote(&paris).unwrap().unwrap();
        lyon.cluster.clean = false;
        assert!(no(&lyon, PLAIN).contains("catching up"));
        lyon.cluster.clean = true;
        lyon.shared = promote(&lyon, PLAIN).unwrap().unwrap();
        assert!(lyon.shared.replicating && lyon.serves());
        assert_eq!(lyon.shared.legs["lyon"].role, ReplicaRole::Source);
        assert_eq!(lyon.shared.legs["lyon"].generation, 1);
        assert_eq!(lyon.shared.legs["paris"].role, ReplicaRole::Target);
        assert!(!turned(&lyon).serves());
    }

    #[test]
    fn a_demoted_source_takes_its_leg_back() {
        let mut sight = paris();
        sight.shared = demote(&sight).unwrap().unwrap();
        sight.shared = promote(&sight, PLAIN).unwrap().unwrap();
        assert!(sight.serves() && sight.shared.replicating);
        assert_eq!(sight.shared.legs["paris"].role, ReplicaRole::Source);
    }

    #[test]
    fn a_site_that_is_given_up_is_told_so_when_it_comes_back() {
        let mut lyon = turned(&paris());
        lyon.cluster.contact = false;
        assert!(no(&lyon, PLAIN).contains("not in the cluster"));
        lyon.shared = promote(&lyon, FORCED).unwrap().unwrap();
        assert_eq!(lyon.shared.legs["lyon"].generation, 4);
        assert!(lyon.serves() && !lyon.shared.replicating);
        assert_eq!(promote(&lyon, FORCED), Ok(None));
        lyon.cluster.contact = true;
        let paris = turned(&lyon);
        assert!(!paris.serves() && paris.drained());
        assert!(no(&paris, PLAIN).contains("is writable"));
    }

    #[test]
    fn a_fenced_peer_is_no_writer_and_a_fenced_site_promotes_nothing() {
        let mut lyon = turned(&paris());
        assert!(no(&lyon, FORCED).contains("is writable"));
        lyon.cluster.peer_fenced = true;
        assert!(!promote(&lyon, FORCED).unwrap().unwrap().replicating);
        lyon.cluster.own_fenced = true;
        assert!(no(&lyon, FORCED).contains("fenced by paris"));
        lyon.cluster.own_fenced = false;
        lyon.cluster.serves = false;
        assert!(no(&lyon, FORCED).contains("does not serve"));
    }
}
