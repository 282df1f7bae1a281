//! What a site can do, declared before anything is asked of it.

use std::collections::BTreeMap;

use muster_plans::id::SiteName;
use muster_plans::mobility::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::{FencingOp, HypervisorOp, Operation, StorageOp};

/// Version of the adapter protocol.
pub const PROTOCOL_VERSION: u16 = 1;

/// How an operation with an old token is kept from having its effect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FenceLevel {
    /// It is not. An unattended failover over this is refused.
    None,
    /// The backend's task list proves that nothing older is pending.
    DrainOnly,
    /// The site agent, sole holder of the backend's secrets, checks the token before it acts.
    AgentEnforced,
    /// The backend itself checks the token at the effect.
    Native,
}

/// An operation without its arguments.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each stands for the operation of the same name")]
pub enum OperationKind {
    Sync,
    Demote,
    Promote,
    Reverse,
    SetPreference,
    SnapshotForTest,
    DropTest,
    Register,
    RegisterTest,
    Unregister,
    ConnectNics,
    ConnectTestNics,
    CustomizeIp,
    PowerOn,
    Shutdown,
    PowerOff,
    Suspend,
    Resume,
    Migrate,
    CreateBubble,
    DropBubble,
    Unmount,
    Mount,
    MountTest,
    Rescan,
    WakeHost,
    FenceSite,
    UnfenceSite,
    PowerOffHost,
}

impl OperationKind {
    /// All of them.
    pub const ALL: [OperationKind; 29] = [
        OperationKind::Sync,
        OperationKind::Demote,
        OperationKind::Promote,
        OperationKind::Reverse,
        OperationKind::SetPreference,
        OperationKind::SnapshotForTest,
        OperationKind::DropTest,
        OperationKind::Register,
        OperationKind::RegisterTest,
        OperationKind::Unregister,
        OperationKind::ConnectNics,
        OperationKind::ConnectTestNics,
        OperationKind::CustomizeIp,
        OperationKind::PowerOn,
        OperationKind::Shutdown,
        OperationKind::PowerOff,
        OperationKind::Suspend,
        OperationKind::Resume,
        OperationKind::Migrate,
        OperationKind::CreateBubble,
        OperationKind::DropBubble,
        OperationKind::Unmount,
        OperationKind::Mount,
        OperationKind::MountTest,
        OperationKind::Rescan,
        OperationKind::WakeHost,
        OperationKind::FenceSite,
        OperationKind::UnfenceSite,
        OperationKind::PowerOffHost,
    ];
}

impl Operation {
    /// The kind.
    pub fn kind(&self) -> OperationKind {
        match self {
            Operation::Storage(op) => match op {
                StorageOp::Sync { .. } => OperationKind::Sync,
                StorageOp::Demote { .. } => OperationKind::Demote,
                StorageOp::Promote { .. } => OperationKind::Promote,
                StorageOp::Reverse { .. } => OperationKind::Reverse,
                StorageOp::SetPreference { .. } => OperationKind::SetPreference,
                StorageOp::SnapshotForTest { .. } => OperationKind::SnapshotForTest,
                StorageOp::DropTest { .. } => OperationKind::DropTest,
            },
            Operation::Hypervisor(op) => match op {
                HypervisorOp::Register(_) => OperationKind::Register,
                HypervisorOp::RegisterTest(_) => OperationKind::RegisterTest,
                HypervisorOp::Unregister(_) => OperationKind::Unregister,
                HypervisorOp::ConnectNics { .. } => OperationKind::ConnectNics,
                HypervisorOp::ConnectTestNics { .. } => OperationKind::ConnectTestNics,
                HypervisorOp::CustomizeIp { .. } => OperationKind::CustomizeIp,
                HypervisorOp::PowerOn(_) => OperationKind::PowerOn,
                HypervisorOp::Shutdown { .. } => OperationKind::Shutdown,
                HypervisorOp::PowerOff(_) => OperationKind::PowerOff,
                HypervisorOp::Suspend(_) => OperationKind::Suspend,
                HypervisorOp::Resume(_) => OperationKind::Resume,
                HypervisorOp::Migrate { .. } => OperationKind::Migrate,
                HypervisorOp::CreateBubble { .. } => OperationKind::CreateBubble,
                HypervisorOp::DropBubble { .. } => OperationKind::DropBubble,
                HypervisorOp::Unmount { .. } => OperationKind::Unmount,
                HypervisorOp::Mount { .. } => OperationKind::Mount,
                HypervisorOp::MountTest { .. } => OperationKind::MountTest,
                HypervisorOp::Rescan => OperationKind::Rescan,
                HypervisorOp::WakeHost(_) => OperationKind::WakeHost,
            },
            Operation::Fencing(op) => match op {
                FencingOp::FenceSite { .. } => OperationKind::FenceSite,
                FencingOp::UnfenceSite { .. } => OperationKind::UnfenceSite,
                FencingOp::PowerOffHost { .. } => OperationKind::PowerOffHost,
            },
        }
    }
}

/// What a site can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// [`PROTOCOL_VERSION`] of the agent.
    pub protocol: u16,
    /// The site.
    pub site: SiteName,
    /// The product behind it, for people.
    pub product: String,
    /// Version of the product or of the adapter.
    pub version: String,
    /// Every operation that it can do, and how old tokens are kept out.
    pub operations: BTreeMap<OperationKind, FenceLevel>,
    /// Live moves that it can do.
    pub methods: Vec<Method>,
    /// The largest round-trip time in milliseconds at which its stretched storage may be used, and
    /// the one from which it warns.
    pub stretched_rtt_ms: (f64, f64),
}
