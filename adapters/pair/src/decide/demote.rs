//! What is left to do until a leg is read-only and drained.

use muster_contract::{Mode, Reason};
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use muster_contract::stop::later;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demotion {
    /// It is so.
    Nothing,
    /// The leg is closed, and its last point sent where there is somebody to send it to.
    Close {
        /// Whether there is somebody.
        send: bool,
    },
    /// It is closed; its last point is sent.
    Send,
}

/// # Errors
/// Why not.
pub fn demote(sight: &Sight<'_>, mode: Mode) -> Result<Demotion, Reason> {
    let source = sight.leg.role == ReplicaRole::Source;
    if !sight.leg.open && (sight.leg.drained() || !source || mode == Mode::Unplanned) {
        return Ok(Demotion::Nothing);
    }
    // In an unplanned run it is worth a lot that this leg stops, even if nothing can be sent.
    let sends = source && mode != Mode::Unplanned;
    if sends && sight.peer.is_none() {
        let other = sight.peer_site;
        return Err(later(format!("{other} does not answer, so that nothing can be sent there")));
    }
    Ok(if sight.leg.open { Demotion::Close { send: sends } } else { Demotion::Send })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Stage, id, report};
    use super::*;

    #[test]
    fn a_source_is_closed_when_its_last_point_can_be_sent() {
        let mut stage = Stage::new(ReplicaRole::Source, 1);
        stage.leg.open = true;
        let class = demote(&stage.sight(), Mode::Planned).unwrap_err().class;
        assert_eq!(class, muster_contract::ErrorClass::Retry);
        assert_eq!(demote(&stage.sight(), Mode::Unplanned), Ok(Demotion::Close { send: false }));
        stage.peer = Some(report(ReplicaRole::Target, 0));
        assert_eq!(demote(&stage.sight(), Mode::Planned), Ok(Demotion::Close { send: true }));
        stage.leg.open = false;
        assert_eq!(demote(&stage.sight(), Mode::Planned), Ok(Demotion::Send));
        (stage.leg.sealed, stage.leg.shipped) = (Some(id(5)), Some(id(5)));
        stage.peer = None;
        assert_eq!(demote(&stage.sight(), Mode::Planned), Ok(Demotion::Nothing));
    }

    #[test]
    fn what_sends_nothing_needs_nobody() {
        let mut stage = Stage::new(ReplicaRole::FailedOver, 2);
        stage.leg.open = true;
        assert_eq!(demote(&stage.sight(), Mode::Planned), Ok(Demotion::Close { send: false }));
        stage.leg.open = false;
        assert_eq!(demote(&stage.sight(), Mode::Planned), Ok(Demotion::Nothing));
        stage.leg.role = ReplicaRole::Target;
        assert_eq!(demote(&stage.sight(), Mode::Planned), Ok(Demotion::Nothing));
    }
}
