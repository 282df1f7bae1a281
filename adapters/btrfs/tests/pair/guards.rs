//! What is refused, and what survives when something breaks.

use std::fs;
use std::time::Duration;

use muster_contract::{ErrorClass, FenceState, FencingOp, Mode, Outcome};
use muster_plans::inventory::ReplicaRole;

use crate::lab::{GROUP, Pair, btrfs, demote, promote, reverse, sync};

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_that_somebody_writes_to_is_not_demoted() {
    let Some(pair) = Pair::with_group().await else { return };
    let a = &pair.a;
    fs::write(a.shown("db.raw"), "x").unwrap();
    let open = fs::OpenOptions::new().append(true).open(a.shown("db.raw")).unwrap();
    let reason = a.refused(demote()).await;
    assert!(reason.message.contains("open for writing"), "{reason:?}");
    assert_eq!(reason.class, ErrorClass::Precondition);
    assert!(a.state().await.writable && a.state().await.mounted);
    drop(open);
    // Who only reads does no harm.
    let _reading = fs::File::open(a.shown("db.raw")).unwrap();
    a.done(demote()).await;
    // And taken back: production goes on, and so does replication.
    let before = a.state().await.generation;
    a.done(promote(None, false)).await;
    let state = a.state().await;
    assert!(state.writable && state.mounted && state.generation > before);
    assert_eq!(state.role, ReplicaRole::Source);
    fs::write(a.shown("db.raw"), "y").unwrap();
    a.done(sync()).await;
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_holds_when_the_other_site_says_so() {
    let Some(mut pair) = Pair::with_group().await else { return };
    fs::write(pair.a.shown("db.raw"), "x").unwrap();
    pair.a.done(sync()).await;
    let fence = || FencingOp::FenceSite { site: "paris".into() };
    assert_eq!(pair.b.fence("paris").await, FenceState::Unfenced);
    pair.a.stop().await;
    let raised = pair.b.fencing(fence(), Mode::Unplanned).await;
    assert!(matches!(raised, Outcome::Done(ref receipt) if !receipt.already), "{raised:?}");
    let raised = pair.b.fencing(fence(), Mode::Unplanned).await;
    assert!(matches!(raised, Outcome::Done(ref receipt) if receipt.already), "{raised:?}");
    assert_eq!(pair.b.fence("paris").await, FenceState::Asked);
    pair.b.restart().await;
    assert_eq!(pair.b.fence("paris").await, FenceState::Asked);

    // It returns with a VM that still runs: that is no fence yet.
    let held = fs::OpenOptions::new().append(true).open(pair.a.shown("db.raw")).unwrap();
    pair.a.restart().await;
    assert_eq!(pair.b.fence("paris").await, FenceState::Asked);
    drop(held);
    assert_eq!(pair.b.fence("paris").await, FenceState::Fenced);
    assert!(!pair.a.state().await.writable);
    assert!(
        fs::OpenOptions::new().append(true).open(pair.a.root().join("legs/erp/db.raw")).is_err()
    );
    let outcome = pair.a.outcome(sync(), Mode::Planned).await;
    assert!(!matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert!(pair.a.refused(promote(None, true)).await.message.contains("fenced"));

    let lifted =
        pair.b.fencing(FencingOp::UnfenceSite { site: "paris".into() }, Mode::Planned).await;
    assert!(matches!(lifted, Outcome::Done(_)), "{lifted:?}");
    pair.a.until("being let in", |state| state.writable).await;
    pair.a.done(sync()).await;
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_of_one_generation_neither_goes_on() {
    let Some(mut pair) = Pair::with_group().await else { return };
    fs::write(pair.a.shown("db.raw"), "x").unwrap();
    pair.a.done(demote()).await;
    pair.b.stop().await;
    // Cut off from each other both are promoted, on somebody's word.
    pair.a.done_in(promote(None, true), Mode::Unplanned).await;
    pair.b.done_in(promote(None, true), Mode::Unplanned).await;
    assert_eq!(pair.a.state().await.generation, pair.b.state().await.generation);
    pair.b.restart().await;
    pair.a.until("word of the other writer", |state| !state.writable).await;
    pair.b.until("word of the other writer", |state| !state.writable).await;
    assert!(pair.a.refused(promote(None, false)).await.message.contains("a person"));
    pair.b.done(promote(None, true)).await;
    pair.a.until("a decision", |state| state.role == ReplicaRole::RemoteFailedOver).await;
    pair.b.done(reverse()).await;
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_takes_nothing_of_a_group_that_only_has_the_same_name() {
    let Some(mut pair) = Pair::with_group().await else { return };
    fs::write(pair.a.shown("db.raw"), "x").unwrap();
    pair.a.done(sync()).await;
    let points = pair.b.state().await.points;
    // A's disk was replaced, and the group was made again.
    pair.a.stop().await;
    fs::remove_file(pair.a.root().join("state/groups/erp.json")).unwrap();
    let root = pair.a.root().display().to_string();
    for entry in fs::read_dir(pair.a.root().join("points/erp")).unwrap() {
        btrfs(&["subvolume", "delete", entry.unwrap().path().to_str().unwrap()]);
    }
    btrfs(&["subvolume", "delete", &format!("{root}/legs/erp")]);
    fs::remove_file(pair.a.root().join("groups/erp")).unwrap();
    pair.a.restart_with_nothing().await;
    let reason = pair.a.refused(sync()).await;
    assert!(reason.message.contains("not what is replicated here"), "{reason:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(pair.b.state().await.points, points);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn points_are_pruned_at_both_sites_and_half_ones_are_thrown_away() {
    let Some(mut pair) = Pair::with_group().await else { return };
    for nr in 0..6 {
        fs::write(pair.a.shown("db.raw"), format!("{nr}")).unwrap();
        pair.a.done(sync()).await;
    }
    let kept = pair.b.state().await.points;
    assert_eq!(kept.len(), 3);
    assert!(pair.a.state().await.points.is_empty(), "a source is recovered to nothing");
    let there = fs::read_dir(pair.a.root().join("points/erp")).unwrap().count();
    assert!((3..=4).contains(&there), "{there}");
    // What broke off half-way is no point, and is gone after a restart.
    let half = pair.b.root().join("incoming/erp/2026-01-01T00-00-00.000Z");
    btrfs(&["subvolume", "create", half.to_str().unwrap()]);
    assert_eq!(pair.b.state().await.points, kept);
    pair.b.restart().await;
    assert!(!half.exists());
    // The loop of the source may have sent another one meanwhile.
    let after = pair.b.state().await.points;
    assert!(after.len() == 3 && after[0].taken_at >= kept[0].taken_at, "{after:?}");
    pair.a.done(sync()).await;
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_token_is_told_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    fs::write(&token, "secret\n").unwrap();
    let wanted = serde_json::json!({"tokenFile": token});
    let Some(pair) = Pair::with(wanted.clone(), wanted).await else { return };
    pair.a.store.create_group(&GROUP.into()).await.unwrap();
    let outcome = pair.a.outcome(sync(), Mode::Planned).await;
    assert!(!matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert!(!pair.b.root().join("state/groups/erp.json").exists());
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_is_sent_whichever_way() {
    let Some(pair) = Pair::with_group().await else { return };
    let (a, b) = (&pair.a, &pair.b);
    let noise: Vec<u8> =
        (0..40u32 << 20).map(|ix| (ix.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    fs::write(a.shown("db.raw"), &noise).unwrap();
    a.done(sync()).await;
    let used = |side: &crate::lab::Side| {
        btrfs(&["filesystem", "sync", side.root().to_str().unwrap()]);
        let found = rustix::fs::statvfs(side.root()).unwrap();
        (found.f_blocks - found.f_bfree) * found.f_frsize
    };
    let before = (used(a), used(b));
    fs::write(a.shown("small.raw"), "1").unwrap();
    a.done(sync()).await;
    a.done(demote()).await;
    b.done(promote(None, false)).await;
    fs::write(b.shown("small.raw"), "2").unwrap();
    b.done(reverse()).await;
    b.done(sync()).await;
    let more = (used(a).saturating_sub(before.0), used(b).saturating_sub(before.1));
    assert!(more.0 < 20 << 20 && more.1 < 20 << 20, "{more:?}");
    assert_eq!(fs::read(b.shown("db.raw")).unwrap(), noise);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing_and_unplanned_speaks_to_nobody() {
    let Some(mut pair) = Pair::with_group().await else { return };
    fs::write(pair.a.shown("db.raw"), "x").unwrap();
    for op in [demote(), sync()] {
        let before = pair.a.state().await;
        let mut ctx = crate::lab::context(&pair.a.name, Mode::Planned);
        ctx.dry_run = true;
        let outcome = muster_contract::StorageAdapter::apply(&*pair.a.store, &ctx, &op).await;
        assert!(matches!(outcome, Outcome::Done(_)), "{op:?}: {outcome:?}");
        let after = pair.a.state().await;
        assert_eq!(
            (after.writable, after.mounted, after.generation, after.drained),
            (before.writable, before.mounted, before.generation, before.drained)
        );
    }
    let points = pair.b.state().await.points;
    pair.a.stop().await;
    pair.b.stop().await;
    // Somebody listens where A was, and must hear nothing.
    let heard = pair.a.store.listen().await.unwrap();
    let mut ctx = crate::lab::context(&pair.b.name, Mode::Unplanned);
    ctx.dry_run = true;
    let outcome =
        muster_contract::StorageAdapter::apply(&*pair.b.store, &ctx, &promote(None, true)).await;
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert_eq!(pair.b.state().await.role, ReplicaRole::Target);
    assert!(!pair.b.root().join("legs/erp").exists());
    let fence = FencingOp::FenceSite { site: "paris".into() };
    pair.b.fencing(fence, Mode::Unplanned).await;
    pair.b.done_in(promote(None, true), Mode::Unplanned).await;
    pair.b.done_in(demote(), Mode::Unplanned).await;
    // At once, and not when the loop comes round: it does not run.
    assert!(fs::write(pair.b.root().join("legs/erp/db.raw"), "late").is_err());
    assert!(!pair.b.state().await.writable && !pair.b.state().await.mounted);
    pair.b.refused_in(reverse(), Mode::Unplanned).await;
    pair.b.refused_in(sync(), Mode::Unplanned).await;
    let contact = tokio::time::timeout(Duration::from_millis(200), heard.accept()).await;
    assert!(contact.is_err(), "the failed site was spoken to");
    assert_eq!(pair.b.state().await.points, points);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_point_is_promoted_and_what_was_is_kept() {
    let Some(mut pair) = Pair::with_group().await else { return };
    for text in ["1", "2", "3"] {
        fs::write(pair.a.shown("db.raw"), text).unwrap();
        pair.a.done(sync()).await;
    }
    let points = pair.b.state().await.points;
    pair.a.stop().await;
    let b = &pair.b;
    // The loop may have sent one as well, so that the oldest of three need not be the first.
    let held = b.root().join("points/erp").join(points[2].id.as_str()).join("db.raw");
    let text = fs::read_to_string(held).unwrap();
    assert_ne!(text, "3");
    b.done_in(promote(None, true), Mode::Unplanned).await;
    assert_eq!(fs::read_to_string(b.shown("db.raw")).unwrap(), "3");
    let open = fs::File::open(b.shown("db.raw")).unwrap();
    let older = promote(Some(&points[2].id), true);
    assert!(b.refused_in(older.clone(), Mode::Unplanned).await.message.contains("open"));
    drop(open);
    let generation = b.state().await.generation;
    b.done_in(older, Mode::Unplanned).await;
    assert_eq!(fs::read_to_string(b.shown("db.raw")).unwrap(), text);
    assert!(b.state().await.generation > generation && b.state().await.writable);
    pair.a.restart().await;
    pair.a.until("word of B", |state| !state.writable && !state.mounted).await;
    pair.b.done(reverse()).await;
    pair.b.done(sync()).await;
    // The points after the one that was promoted are of a history that ended.
    let left = pair.a.state().await.points;
    assert!(!left.contains(&points[0]) && !left.contains(&points[1]), "{left:#?}");
    for gone in &points[..2] {
        assert!(!pair.b.root().join("points/erp").join(gone.id.as_str()).exists());
    }
    let newest = pair.a.root().join("points/erp").join(left[0].id.as_str()).join("db.raw");
    assert_eq!(fs::read_to_string(newest).unwrap(), text);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_sends_by_itself_until_the_leg_is_demoted() {
    let begins =
        serde_json::json!({"interval": "1s", "groups": [{"id": GROUP, "protected": true}]});
    let listed = serde_json::json!({"groups": [{"id": GROUP}]});
    let Some(pair) = Pair::with(begins, listed).await else { return };
    let (a, b) = (&pair.a, &pair.b);
    fs::write(a.shown("db.raw"), "1").unwrap();
    let first = b.until("a first point", |state| !state.points.is_empty()).await.points;
    let state = b.until("a second point", |state| state.points.len() > first.len()).await;
    assert!(state.lag.is_some_and(|lag| lag.0 < 10_000) && !state.in_sync, "{state:#?}");
    a.done(demote()).await;
    let last = b.state().await.points;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(b.state().await.points, last);
    b.until("word of the demote", |state| state.in_sync).await;
    assert_eq!(b.state().await.lag, Some(muster_plans::time::Span::ZERO));
    pair.end().await;
}
