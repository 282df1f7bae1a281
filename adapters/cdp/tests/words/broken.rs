//! Points that break off, points of somebody else, and one that comes too late.

use std::fs;

use muster_contract::Mode;
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::lab::{GROUP, Pair, Side, promote, sync};

const POINT: &str = "2099-01-01T00-00-00.000Z";
const DATA: &[u8] = b"what was written last";

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Says something as the other site's adapter would.
async fn post(to: &Side, what: &str, body: Value) -> u16 {
    let url = format!("http://{}/cdp/v1/groups/{GROUP}/{what}", to.address());
    let request = reqwest::Client::new().post(url).header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap().status().as_u16()
}

async fn put(to: &Side, file: &str, nr: u64, describes: &Value, body: Vec<u8>) -> u16 {
    let url = format!("http://{}/cdp/v1/groups/{GROUP}/blocks/{file}/{nr}", to.address());
    let request = reqwest::Client::new().put(url).header("muster-describes", describes.to_string());
    request.body(body).send().await.unwrap().status().as_u16()
}

/// A replica that has a point, its source stopped, and how that one would describe the next.
async fn stopped() -> (Pair, Value) {
    let mut pair = Pair::with_group().await;
    fs::write(pair.a.shown("db.raw"), "one").unwrap();
    pair.a.done(sync()).await;
    pair.a.stop().await;
    let state = fs::read(pair.a.root().join("state/groups/erp.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let describes = json!({
        "site": "paris", "generation": 1, "origin": state["origin"], "place": {"point": POINT},
    });
    (pair, describes)
}

fn asks(describes: &Value) -> Value {
    json!({"describes": describes, "file": "db.raw", "size": DATA.len(), "from": 0})
}

fn commit(describes: &Value, digest: &str) -> Value {
    let files = json!({"db.raw": {"size": DATA.len(), "digest": digest}});
    json!({"describes": describes, "files": files})
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_sent_becomes_a_point() {
    let (pair, good) = stopped().await;
    let b = &pair.b;
    let before = b.state().await.points;
    let but = |key: &str, value: Value| {
        let mut describes = good.clone();
        describes[key] = value;
        describes
    };
    let whole = hex(hex(DATA).as_bytes());
    // Nothing of a point that was not begun, of another site, or of another group.
    assert_eq!(put(b, "db.raw", 0, &good, DATA.to_vec()).await, 503);
    assert_eq!(post(b, "commit", commit(&good, &whole)).await, 503);
    assert_eq!(post(b, "begin", but("site", "berlin".into())).await, 409);
    assert_eq!(post(b, "begin", but("origin", "paris@9".into())).await, 409);
    for odd in ["x", "..", ".new"] {
        assert!(post(b, "begin", but("place", json!({"point": odd}))).await >= 400, "{odd}");
    }
    assert_eq!(post(b, "begin", good.clone()).await, 200);
    assert_eq!(post(b, "digests", asks(&good)).await, 200);
    for name in ["%2e%2e%2fdb.raw", ".db.raw", "a%2fb"] {
        assert!(put(b, name, 0, &good, DATA.to_vec()).await >= 400, "{name}");
    }
    assert!(put(b, "db.raw", 1, &good, DATA.to_vec()).await >= 400, "behind the end");
    assert!(put(b, "db.raw", u64::MAX, &good, DATA.to_vec()).await >= 400, "behind all ends");
    assert_eq!(put(b, "db.raw", 0, &good, DATA[1..].to_vec()).await, 200);
    assert_eq!(post(b, "commit", commit(&good, &whole)).await, 409, "it is not what was sent");
    assert_eq!(b.state().await.points, before);
    assert_eq!(put(b, "db.raw", 0, &good, DATA.to_vec()).await, 200);
    assert_eq!(post(b, "commit", commit(&good, &whole)).await, 200);
    assert_eq!(b.state().await.points[0].id, RecoveryPointId::from(POINT));
    let copy = b.root().join("points/erp").join(POINT).join("db.raw");
    assert_eq!(fs::read(copy).unwrap(), DATA);
    let older = b.root().join("points/erp").join(before[0].id.as_str()).join("db.raw");
    assert_eq!(fs::read(older).unwrap(), b"one");
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_that_comes_after_the_promote_is_not_taken() {
    let (pair, good) = stopped().await;
    let b = &pair.b;
    let before = b.state().await.points;
    assert_eq!(post(b, "begin", good.clone()).await, 200);
    assert_eq!(post(b, "digests", asks(&good)).await, 200);
    b.done_in(promote(None, true), Mode::Unplanned).await;
    assert_eq!(put(b, "db.raw", 0, &good, DATA.to_vec()).await, 409);
    assert_eq!(post(b, "commit", commit(&good, &hex(hex(DATA).as_bytes()))).await, 409);
    let mirror = json!({"describes": good, "files": {"db.raw": 4096}});
    assert_eq!(post(b, "mirror", mirror).await, 409);
    let state = b.state().await;
    assert_eq!((state.role, state.points), (ReplicaRole::FailedOver, before));
    assert_eq!(fs::read(b.shown("db.raw")).unwrap(), b"one");
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_group_may_be_spoken_of_many_times_at_once() {
    let pair = Pair::new().await;
    let report = json!({
        "role": "source", "generation": 1, "open": true, "writable": true, "origin": "paris@0",
        "promoted": null, "sealed": null, "drained": false, "points": [], "asOf": 0,
    });
    let hello = json!({
        "site": "paris", "fences": false, "look": false, "legs": {GROUP: report},
    });
    let url = format!("http://{}/cdp/v1/hello", pair.b.address());
    let ask = || async {
        let request = reqwest::Client::new().post(&url).header("content-type", "application/json");
        request.body(hello.to_string()).send().await.unwrap().status().as_u16()
    };
    let answers = futures_util::future::join_all((0..16).map(|_| ask())).await;
    assert_eq!(answers, [200; 16]);
    assert_eq!(pair.b.state().await.role, ReplicaRole::Target);
    pair.end().await;
}
