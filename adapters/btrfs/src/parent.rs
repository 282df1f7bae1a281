//! On top of which point the next one is sent.

use muster_plans::id::RecoveryPointId;

/// The newest that both have; `None`: everything is sent. Both lists are newest first.
pub(crate) fn parent<'a>(
    own: &'a [RecoveryPointId],
    theirs: &[RecoveryPointId],
    sent: &RecoveryPointId,
) -> Option<&'a RecoveryPointId> {
    own.iter().find(|point| *point != sent && theirs.contains(point))
}

#[cfg(test)]
mod tests {
    use muster_adapter_pair::point;
    use muster_plans::time::Time;

    use super::*;

    fn id(seconds: i64) -> RecoveryPointId {
        point::id(Time(seconds * 1000))
    }

    #[test]
    fn the_newest_common_point_is_sent_on_top_of() {
        let own = [id(50), id(40), id(30), id(20)];
        assert_eq!(parent(&own, &[id(45), id(30), id(20)], &id(50)), Some(&id(30)));
        assert_eq!(parent(&own, &[id(50), id(20)], &id(50)), Some(&id(20)));
        assert_eq!(parent(&own, &[id(45)], &id(50)), None);
        assert_eq!(parent(&own, &[], &id(50)), None);
    }
}
