//! Streams that break off, streams of somebody else, and one that comes too late.

use std::fs;
use std::sync::Arc;

use futures_util::stream;
use muster_contract::Mode;
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;
use tokio::sync::Notify;

use crate::lab::{GROUP, Pair, Side, btrfs, promote, sync};

const POINT: &str = "2099-01-01T00-00-00.000Z";

/// Sends a stream as the other site's adapter would.
async fn put(
    to: &Side,
    point: &str,
    describes: serde_json::Value,
    body: impl Into<reqwest::Body>,
) -> u16 {
    let url = format!("http://{}/btrfs/v1/groups/{GROUP}/points/{point}", to.address());
    let request = reqwest::Client::new().put(url).header("muster-point", describes.to_string());
    request.body(body).send().await.unwrap().status().as_u16()
}

/// The stream of a point of A, which is stopped, on top of one that B has.
async fn stream_of(pair: &mut Pair) -> (Vec<u8>, serde_json::Value) {
    fs::write(pair.a.shown("db.raw"), vec![7; 1 << 20]).unwrap();
    pair.a.done(sync()).await;
    pair.a.stop().await;
    let root = pair.a.root();
    fs::write(root.join("legs/erp/db.raw"), vec![8; 1 << 20]).unwrap();
    let parent = pair.b.state().await.points[0].id.clone();
    let points = root.join("points/erp");
    let path = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    let (live, at) = (path(root.join("legs/erp")), path(points.join(POINT)));
    let (below, file) = (path(points.join(parent.as_str())), path(root.join("stream")));
    btrfs(&["subvolume", "snapshot", "-r", &live, &at]);
    btrfs(&["send", "-q", "-f", &file, "-p", &below, &at]);
    let state = fs::read(root.join("state/groups/erp.json")).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
    let describes = serde_json::json!({
        "site": "paris", "generation": 1, "origin": state["origin"], "parent": parent,
    });
    (fs::read(file).unwrap(), describes)
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_stream_is_no_point() {
    let Some(mut pair) = Pair::with_group().await else { return };
    let (stream, good) = stream_of(&mut pair).await;
    let b = &pair.b;
    let before = b.state().await.points;
    let but = |key: &str, value: serde_json::Value| {
        let mut describes = good.clone();
        describes[key] = value;
        describes
    };
    for length in [0, 5, 100, stream.len() / 2, stream.len() - 10, stream.len() - 1] {
        let status = put(b, POINT, good.clone(), stream[..length].to_vec()).await;
        assert!(status >= 400, "{length} bytes: {status}");
        assert_eq!(b.state().await.points, before, "{length} bytes");
    }
    assert_eq!(put(b, POINT, but("site", "berlin".into()), stream.clone()).await, 409);
    assert_eq!(put(b, POINT, but("parent", POINT.into()), stream.clone()).await, 409);
    assert!(put(b, "..", good.clone(), stream.clone()).await >= 400);
    // What the stream itself is called must be what was announced.
    assert!(put(b, "2099-01-01T00-00-00.001Z", good.clone(), stream.clone()).await >= 400);
    assert_eq!(b.state().await.points, before);
    assert_eq!(put(b, POINT, good.clone(), stream.clone()).await, 200);
    assert_eq!(put(b, POINT, good.clone(), stream.clone()).await, 200);
    assert_eq!(b.state().await.points[0].id, RecoveryPointId::from(POINT));
    let copy = b.root().join("points/erp").join(POINT).join("db.raw");
    assert_eq!(fs::read(copy).unwrap(), vec![8; 1 << 20]);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_that_comes_after_the_promote_is_not_taken() {
    let Some(mut pair) = Pair::with_group().await else { return };
    let (bytes, good) = stream_of(&mut pair).await;
    let b = &pair.b;
    let before = b.state().await.points;
    let (begun, promoted) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let pieces = vec![first.to_vec(), second.to_vec()].into_iter().enumerate();
    let (begins, waits) = (begun.clone(), promoted.clone());
    let slow = stream::unfold(pieces, move |mut pieces| {
        let (begins, waits) = (begins.clone(), waits.clone());
        async move {
            let (nr, piece) = pieces.next()?;
            if nr == 1 {
                begins.notify_one();
                waits.notified().await;
            }
            Some((Ok::<_, std::io::Error>(piece), pieces))
        }
    });
    let promoting = async {
        begun.notified().await;
        // Let in, and half of it there.
        while !b.root().join("incoming/erp").join(POINT).exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        b.done_in(promote(None, true), Mode::Unplanned).await;
        promoted.notify_one();
    };
    let (status, ()) =
        tokio::join!(put(b, POINT, good, reqwest::Body::wrap_stream(slow)), promoting);
    assert_eq!(status, 409);
    let state = b.state().await;
    assert_eq!((state.role, state.points), (ReplicaRole::FailedOver, before));
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_group_may_be_spoken_of_many_times_at_once() {
    let Some(pair) = Pair::new().await else { return };
    let report = serde_json::json!({
        "role": "source", "generation": 1, "open": true, "writable": true, "origin": "paris@0",
        "promoted": null, "sealed": null, "drained": false, "points": [], "asOf": 0,
    });
    let hello = serde_json::json!({
        "site": "paris", "fences": false, "look": false, "legs": {GROUP: report},
    });
    let url = format!("http://{}/btrfs/v1/hello", pair.b.address());
    let ask = || async {
        let request = reqwest::Client::new().post(&url).header("content-type", "application/json");
        request.body(hello.to_string()).send().await.unwrap().status().as_u16()
    };
    let answers = futures_util::future::join_all((0..16).map(|_| ask())).await;
    assert_eq!(answers, [200; 16]);
    assert_eq!(pair.b.state().await.role, ReplicaRole::Target);
    pair.end().await;
}
