//! I9: a test and its cleanup touch nothing of production.

use muster_contract::{Mode, OperationKind};
use muster_plans::time::Time;

use super::{Checker, Invariant, Verdict};
use crate::watch::Sight;

/// What a test may do: to its own objects, or without a change to anybody's data or network.
const HARMLESS: [OperationKind; 8] = [
    OperationKind::Sync,
    OperationKind::SnapshotForTest,
    OperationKind::DropTest,
    OperationKind::MountTest,
    OperationKind::CreateBubble,
    OperationKind::DropBubble,
    OperationKind::WakeHost,
    OperationKind::Rescan,
];

pub(super) struct Isolation;

impl Checker for Isolation {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        let Sight::Had(effect) = sight else { return Ok(()) };
        if !matches!(effect.mode, Mode::Test | Mode::Cleanup) || HARMLESS.contains(&effect.kind) {
            return Ok(());
        }
        // `vm/UUID/TAG` is a test copy. VMs that the plan names make room, and are given back.
        let copy = effect.object.matches('/').count() == 2;
        let room = matches!(effect.kind, OperationKind::Suspend | OperationKind::Resume);
        if copy || room {
            return Ok(());
        }
        Err((
            Invariant::TestIsolation,
            format!("a {:?} did {:?} to {}", effect.mode, effect.kind, effect.object),
        ))
    }
}
