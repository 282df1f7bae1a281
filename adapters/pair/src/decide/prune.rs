//! Which points are not kept.

use muster_plans::id::RecoveryPointId;

/// Of points, newest first, those beyond the newest `keep` that nothing hangs on.
pub fn prune(
    points: &[RecoveryPointId],
    keep: usize,
    held: &[Option<&RecoveryPointId>],
) -> Vec<RecoveryPointId> {
    let old = points.iter().skip(keep.max(1));
    old.filter(|point| !held.contains(&Some(point))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::id;
    use super::*;

    #[test]
    fn what_the_next_one_is_sent_on_top_of_is_kept() {
        let points = [id(5), id(4), id(3), id(2), id(1)];
        assert_eq!(prune(&points, 2, &[]), [id(3), id(2), id(1)]);
        assert_eq!(prune(&points, 2, &[Some(&id(2)), None]), [id(3), id(1)]);
        assert_eq!(prune(&points, 0, &[]).len(), 4);
        assert!(prune(&points, 9, &[]).is_empty());
    }
}
