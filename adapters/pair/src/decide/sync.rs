//! Who sends what is not yet at the other leg.

use muster_contract::{Mode, Reason};
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use muster_contract::stop::{later, not_now};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Both legs hold the same.
    Nothing,
    /// This site sends.
    Send,
    /// The other site is asked to.
    Ask,
}

/// # Errors
/// Why not.
pub fn sync(sight: &Sight<'_>, mode: Mode) -> Result<Sync, Reason> {
    let asks = match sight.leg.role {
        ReplicaRole::Source => Sync::Send,
        ReplicaRole::Target => Sync::Ask,
        _ => return Err(not_now(format!("{} does not replicate; reverse it first", sight.group))),
    };
    if sight.leg.in_sync(sight.points) {
        return Ok(Sync::Nothing);
    }
    if mode == Mode::Unplanned {
        return Err(not_now("an unplanned run does not speak to the other site"));
    }
    match sight.peer {
        None => Err(later(format!("{} does not answer", sight.peer_site))),
        Some(peer) if asks == Sync::Ask && peer.role != ReplicaRole::Source => {
            Err(not_now(format!("{} sends nothing; reverse it first", sight.peer_site)))
        }
        Some(_) => Ok(asks),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Stage, id, report};
    use super::*;

    #[test]
    fn the_source_sends_and_a_replica_asks_for_it() {
        let mut stage = Stage::new(ReplicaRole::Source, 1);
        stage.leg.open = true;
        assert!(sync(&stage.sight(), Mode::Planned).is_err());
        stage.peer = Some(report(ReplicaRole::Target, 0));
        assert_eq!(sync(&stage.sight(), Mode::Planned), Ok(Sync::Send));
        assert!(sync(&stage.sight(), Mode::Unplanned).is_err());
        (stage.leg.open, stage.leg.sealed, stage.leg.shipped) = (false, Some(id(1)), Some(id(1)));
        assert_eq!(sync(&stage.sight(), Mode::Unplanned), Ok(Sync::Nothing));
        stage.leg.role = ReplicaRole::FailedOver;
        assert!(sync(&stage.sight(), Mode::Planned).unwrap_err().message.contains("reverse"));
        let mut stage = Stage::new(ReplicaRole::Target, 0);
        stage.peer = Some(report(ReplicaRole::Source, 1));
        assert_eq!(sync(&stage.sight(), Mode::Test), Ok(Sync::Ask));
        stage.peer = Some(report(ReplicaRole::RemoteFailedOver, 1));
        assert!(sync(&stage.sight(), Mode::Test).is_err());
    }
}
