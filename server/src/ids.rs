//! The one place that makes ids and secrets.

use muster_engine::OwnerId;
use muster_plans::id::RunId;

/// A new run; ids sort by time.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn run_id() -> RunId {
    RunId(uuid::Uuid::now_v7())
}

/// This server process, made anew at each start.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn owner_id() -> OwnerId {
    OwnerId(format!("server-{}", uuid::Uuid::now_v7()))
}

/// For the request that a problem report names.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn request_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// A chain of runs.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn chain_id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
