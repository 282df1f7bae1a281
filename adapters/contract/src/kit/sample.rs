//! One operation of each kind, on objects that do not exist.

use muster_plans::id::{RunTag, VmId};
use muster_plans::mobility::Method;
use muster_plans::time::Span;

use crate::capability::OperationKind as Kind;
use crate::context::Mode;
use crate::operation::{
    FencingOp, HypervisorOp as H, Instance, Operation, StorageOp, TestVmSpec, VmSpec,
};

/// The operation, and the mode in which it makes sense.
pub(super) fn sample(kind: Kind, name: &str, tag: &RunTag) -> (Mode, Operation) {
    if let Some(op) = in_a_test(kind, name, tag) {
        return (Mode::Test, op);
    }
    (Mode::Planned, in_production(kind, name))
}

/// A UUID that nobody has.
pub(super) fn nobody() -> VmId {
    VmId(uuid::Uuid::nil())
}

fn spec(name: &str) -> VmSpec {
    VmSpec {
        id: nobody(),
        name: name.into(),
        host: name.into(),
        vcpus: 1,
        memory_mib: 64,
        volumes: Vec::new(),
        policies: Vec::new(),
    }
}

fn in_a_test(kind: Kind, name: &str, tag: &RunTag) -> Option<Operation> {
    let (vm, clone) = (nobody(), name.to_owned());
    let hypervisor = match kind {
        Kind::SnapshotForTest => {
            let op = StorageOp::SnapshotForTest { group: name.into(), clone };
            return Some(Operation::Storage(op));
        }
        Kind::DropTest => {
            return Some(Operation::Storage(StorageOp::DropTest { group: name.into(), clone }));
        }
        Kind::RegisterTest => {
            let (copy_of, tag) = (spec(name), tag.clone());
            H::RegisterTest(TestVmSpec { copy_of, clones: vec![clone], tag })
        }
        Kind::ConnectTestNics => H::ConnectTestNics { vm, tag: tag.clone(), nics: Vec::new() },
        Kind::CreateBubble => H::CreateBubble { name: name.into() },
        Kind::DropBubble => H::DropBubble { name: name.into() },
        Kind::MountTest => H::MountTest { clone },
        _ => return None,
    };
    Some(Operation::Hypervisor(hypervisor))
}

fn in_production(kind: Kind, name: &str) -> Operation {
    let group = || name.into();
    match kind {
        Kind::Sync => Operation::Storage(StorageOp::Sync { group: group() }),
        Kind::Demote => Operation::Storage(StorageOp::Demote { group: group() }),
        Kind::Promote => Operation::Storage(StorageOp::Promote {
            group: group(),
            point: None,
            forced: false,
            above: 0,
        }),
        Kind::Reverse => Operation::Storage(StorageOp::Reverse { group: group() }),
        Kind::SetPreference => {
            Operation::Storage(StorageOp::SetPreference { group: group(), site: name.into() })
        }
        Kind::FenceSite => Operation::Fencing(FencingOp::FenceSite { site: name.into() }),
        Kind::UnfenceSite => Operation::Fencing(FencingOp::UnfenceSite { site: name.into() }),
        Kind::PowerOffHost => Operation::Fencing(FencingOp::PowerOffHost { host: name.into() }),
        _ => Operation::Hypervisor(on_a_hypervisor(kind, name)),
    }
}

fn on_a_hypervisor(kind: Kind, name: &str) -> H {
    let vm = nobody();
    let instance = Instance::Production(vm);
    match kind {
        Kind::Register => H::Register(spec(name)),
        Kind::Unregister => H::Unregister(instance),
        Kind::ConnectNics => H::ConnectNics { vm, nics: Vec::new() },
        Kind::CustomizeIp => H::CustomizeIp { instance, addresses: Vec::new() },
        Kind::PowerOn => H::PowerOn(instance),
        Kind::Shutdown => H::Shutdown { vm, guest: true, timeout: Span::secs(1) },
        Kind::PowerOff => H::PowerOff(instance),
        Kind::Suspend => H::Suspend(vm),
        Kind::Resume => H::Resume(vm),
        Kind::Migrate => H::Migrate {
            vm,
            method: Method::VMotion,
            to_site: name.into(),
            to_host: name.into(),
            nics: Vec::new(),
        },
        Kind::Unmount => H::Unmount { group: name.into() },
        Kind::Mount => H::Mount { group: name.into() },
        Kind::WakeHost => H::WakeHost(name.into()),
        _ => H::Rescan,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_sample_of_every_kind() {
        for kind in Kind::ALL {
            assert_eq!(sample(kind, "x", &"t".into()).1.kind(), kind);
        }
    }
}
