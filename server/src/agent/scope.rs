//! What a test may touch, held here whatever the backend holds.

use muster_contract::{
    ErrorClass, HypervisorOp, Instance, Mode, OpContext, Operation, Reason, StorageOp,
};
use muster_plans::id::RunTag;

/// Whether the mode of the run allows the operation at all. Whether a bubble or a clone carries the
/// tag is for the backend to say, which has them.
pub(super) fn check(ctx: &OpContext, op: &Operation) -> Result<(), Reason> {
    if matches!(ctx.mode, Mode::Planned | Mode::Unplanned) {
        return Ok(());
    }
    let refused = |message: String| Reason { class: ErrorClass::Precondition, message };
    let Some(tag) = &ctx.run_tag else {
        return Err(refused("a test or its cleanup needs a run tag".to_owned()));
    };
    if in_a_test(op, tag) {
        return Ok(());
    }
    Err(refused(format!("{} is not part of the test `{tag}`", op.object())))
}

fn in_a_test(op: &Operation, tag: &RunTag) -> bool {
    match op {
        Operation::Storage(op) => matches!(
            op,
            // Sending changes nothing but how much is still to be sent.
            StorageOp::Sync { .. } | StorageOp::SnapshotForTest { .. } | StorageOp::DropTest { .. }
        ),
        Operation::Hypervisor(op) => match op {
            HypervisorOp::RegisterTest(spec) => spec.tag == *tag,
            HypervisorOp::ConnectTestNics { tag: found, .. } => found == tag,
            HypervisorOp::Unregister(instance)
            | HypervisorOp::CustomizeIp { instance, .. }
            | HypervisorOp::PowerOn(instance)
            | HypervisorOp::PowerOff(instance) => {
                matches!(instance, Instance::Test(_, found) if found == tag)
            }
            // VMs that make room are suspended for a test and resumed after it: the one thing that a
            // test may do to what it has not made.
            HypervisorOp::Suspend(_)
            | HypervisorOp::Resume(_)
            | HypervisorOp::CreateBubble { .. }
            | HypervisorOp::DropBubble { .. }
            | HypervisorOp::MountTest { .. }
            | HypervisorOp::Rescan
            | HypervisorOp::WakeHost(_) => true,
            HypervisorOp::Register(_)
            | HypervisorOp::ConnectNics { .. }
            | HypervisorOp::Shutdown { .. }
            | HypervisorOp::Migrate { .. }
            | HypervisorOp::Unmount { .. }
            | HypervisorOp::Mount { .. } => false,
        },
        Operation::Fencing(_) => false,
    }
}
