//! I9: a test and its cleanup touch nothing of production.

use std::collections::BTreeSet;

use muster_contract::{Mode, OperationKind};
use muster_plans::id::SiteName;
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

/// A snapshot or a bubble is dropped by those who made it: an object that nobody here made is somebody
/// else's, whatever it is called.
#[derive(Default)]
pub(super) struct OwnObjects(BTreeSet<(SiteName, String)>);

impl Checker for OwnObjects {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        let Sight::Had(effect) = sight else { return Ok(()) };
        let object = (effect.site.clone(), effect.object.clone());
        match effect.kind {
            OperationKind::SnapshotForTest | OperationKind::CreateBubble => {
                self.0.insert(object);
            }
            OperationKind::DropTest | OperationKind::DropBubble if !self.0.contains(&object) => {
                let what =
                    format!("{} dropped {}, which no test has made", effect.op, effect.object);
                return Err((Invariant::TestIsolation, what));
            }
            _ => {}
        }
        Ok(())
    }
}
