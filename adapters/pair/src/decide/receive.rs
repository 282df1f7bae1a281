//! Whether a point of the other leg is taken in.

use muster_contract::Reason;
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;

use super::Sight;
use muster_contract::stop::not_now;

/// Who sends, and what.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Of its leg.
    pub generation: u64,
    /// Whose data it is.
    pub origin: Option<String>,
    /// The point that it is sent on top of.
    pub parent: Option<RecoveryPointId>,
}

/// # Errors
/// Why not.
pub fn receive(sight: &Sight<'_>, sender: &Sender) -> Result<(), Reason> {
    let (leg, group, other) = (sight.leg, sight.group, sight.peer_site);
    if sight.fence.raised {
        return Err(not_now(format!("{other} is fenced from here")));
    }
    if leg.role != ReplicaRole::Target {
        return Err(not_now(format!("the leg of {group} here is no replica")));
    }
    if sender.generation < leg.generation {
        let (own, theirs) = (leg.generation, sender.generation);
        return Err(not_now(format!("generation {theirs} is below {own}, which is here")));
    }
    if leg.origin.is_some() && leg.origin != sender.origin {
        let text = format!("what {other} calls {group} is not what is replicated here");
        return Err(not_now(text));
    }
    match sender.parent.as_ref().filter(|parent| !sight.points.contains(parent)) {
        Some(parent) => Err(not_now(format!("the point {parent} is not here"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Stage, id};
    use super::*;
    use crate::Fence;

    #[test]
    fn only_the_source_of_this_replica_sends() {
        let mut stage = Stage::new(ReplicaRole::Target, 2);
        stage.points = vec![id(1)];
        let mut sender = Sender { generation: 2, origin: Some("a".into()), parent: Some(id(1)) };
        let no =
            |stage: &Stage, sender: &Sender| receive(&stage.sight(), sender).unwrap_err().message;
        assert_eq!(receive(&stage.sight(), &sender), Ok(()));
        stage.leg.origin = Some("b".into());
        assert!(no(&stage, &sender).contains("is not what is replicated here"));
        stage.leg.origin = Some("a".into());
        sender.generation = 1;
        assert!(no(&stage, &sender).contains("is below"));
        sender = Sender { generation: 3, parent: Some(id(2)), ..sender };
        assert!(no(&stage, &sender).contains("is not here"));
        sender.parent = None;
        assert_eq!(receive(&stage.sight(), &sender), Ok(()));
        stage.fence = Fence { raised: true, heard: false };
        assert!(no(&stage, &sender).contains("fenced"));
        stage.fence = Fence::default();
        for role in [ReplicaRole::Source, ReplicaRole::FailedOver, ReplicaRole::RemoteFailedOver] {
            stage.leg.role = role;
            assert!(no(&stage, &sender).contains("no replica"));
        }
    }
}
