//! The closed set of things that a step can do.

use serde::{Deserialize, Serialize};

use super::target::{
    BubbleIx, CalloutIx, CloneIx, GroupIx, HostIx, OtherVmIx, PromptIx, SiteIx, TestVmIx, VmIx,
};
use crate::mobility::Method;

/// A VM in production, or the test copy of one. The two never share an index type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VmRef {
    /// In production.
    Production(VmIx),
    /// A test copy.
    Test(TestVmIx),
}

/// What a check looks at. A check changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// The site's agent answers.
    SiteAnswers(SiteIx),
    /// The group's leg at the step's site may be used: known, healthy, of the expected role.
    GroupHealthy(GroupIx),
}

/// What a gate waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateKind {
    /// Valid, unexpired evidence that this site cannot write, newer than the last mutation there.
    EvidenceAgainst(SiteIx),
}

/// What is proved at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyKind {
    /// Nothing with the run's tag is left at the step's site.
    NothingLeft,
    /// The group is written at one site only, or is stretched and in sync.
    OneWriter(GroupIx),
}

/// What a step does, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Joins many steps before many others.
    Barrier,
    /// Looks, and changes nothing.
    Check(CheckKind),
    /// Waits for evidence.
    Gate(GateKind),
    /// Asks a person.
    Prompt(PromptIx),
    /// Runs a registered callout.
    Callout(CalloutIx),
    /// Sends what is not yet at the other leg.
    SyncStorage(GroupIx),
    /// Asks the guest to shut down, then powers off.
    GuestShutdown(VmIx),
    /// Powers off at the step's site.
    PowerOff(VmRef),
    /// Suspends a VM that makes room.
    SuspendVm(OtherVmIx),
    /// Resumes it.
    ResumeVm(OtherVmIx),
    /// Wakes a host from standby.
    WakeHost(HostIx),
    /// Cuts a site off from storage, as far as the step's site can do that.
    Fence(SiteIx),
    /// Lets it in again.
    Unfence(SiteIx),
    /// Unmounts a group's volumes from the hosts of the step's site.
    Unmount(GroupIx),
    /// Makes a site the preferred one of a stretched group.
    SetSitePreference(GroupIx, SiteIx),
    /// Makes the leg at the step's site read-only.
    DemoteStorage(GroupIx),
    /// Makes the leg at the step's site writable.
    PromoteStorage(GroupIx),
    /// Makes a writable snapshot of the replica; replication goes on.
    SnapshotForTest(CloneIx),
    /// Mounts it.
    MountTest(CloneIx),
    /// Unmounts and removes it.
    DropTest(CloneIx),
    /// Turns replication round; the step's site becomes the source.
    ReverseReplication(GroupIx),
    /// Registers a VM at the step's site.
    RegisterVm(VmRef),
    /// Removes a registration; data stays.
    UnregisterVm(VmRef),
    /// Moves a running VM to the recovery site.
    Migrate(VmIx, Method),
    /// Makes an isolated network.
    CreateBubble(BubbleIx),
    /// Removes it.
    DropBubble(BubbleIx),
    /// Connects network cards.
    ConfigureNetwork(VmRef),
    /// Rewrites addresses.
    CustomizeIp(VmRef),
    /// Powers on.
    PowerOn(VmRef),
    /// Waits until the VM is recovered.
    WaitHealthy(VmRef),
    /// Makes hosts look for storage again.
    Rescan(SiteIx),
    /// Proves something at the end.
    Verify(VerifyKind),
    /// Closes the run's report.
    Report,
}

/// [`Action`] without what it is done to: for pages, statistics and forecasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each stands for the action of the same name")]
pub enum StepKind {
    Barrier,
    Check,
    Gate,
    Prompt,
    Callout,
    SyncStorage,
    GuestShutdown,
    PowerOff,
    SuspendVm,
    ResumeVm,
    WakeHost,
    Fence,
    Unfence,
    Unmount,
    SetSitePreference,
    DemoteStorage,
    PromoteStorage,
    SnapshotForTest,
    MountTest,
    DropTest,
    ReverseReplication,
    RegisterVm,
    UnregisterVm,
    Migrate,
    CreateBubble,
    DropBubble,
    ConfigureNetwork,
    CustomizeIp,
    PowerOn,
    WaitHealthy,
    Rescan,
    Verify,
    Report,
}

impl Action {
    /// The kind.
    pub fn kind(&self) -> StepKind {
        match self {
            Action::Barrier => StepKind::Barrier,
            Action::Check(_) => StepKind::Check,
            Action::Gate(_) => StepKind::Gate,
            Action::Prompt(_) => StepKind::Prompt,
            Action::Callout(_) => StepKind::Callout,
            Action::SyncStorage(_) => StepKind::SyncStorage,
            Action::GuestShutdown(_) => StepKind::GuestShutdown,
            Action::PowerOff(_) => StepKind::PowerOff,
            Action::SuspendVm(_) => StepKind::SuspendVm,
            Action::ResumeVm(_) => StepKind::ResumeVm,
            Action::WakeHost(_) => StepKind::WakeHost,
            Action::Fence(_) => StepKind::Fence,
            Action::Unfence(_) => StepKind::Unfence,
            Action::Unmount(_) => StepKind::Unmount,
            Action::SetSitePreference(..) => StepKind::SetSitePreference,
            Action::DemoteStorage(_) => StepKind::DemoteStorage,
            Action::PromoteStorage(_) => StepKind::PromoteStorage,
            Action::SnapshotForTest(_) => StepKind::SnapshotForTest,
            Action::MountTest(_) => StepKind::MountTest,
            Action::DropTest(_) => StepKind::DropTest,
            Action::ReverseReplication(_) => StepKind::ReverseReplication,
            Action::RegisterVm(_) => StepKind::RegisterVm,
            Action::UnregisterVm(_) => StepKind::UnregisterVm,
            Action::Migrate(..) => StepKind::Migrate,
            Action::CreateBubble(_) => StepKind::CreateBubble,
            Action::DropBubble(_) => StepKind::DropBubble,
            Action::ConfigureNetwork(_) => StepKind::ConfigureNetwork,
            Action::CustomizeIp(_) => StepKind::CustomizeIp,
            Action::PowerOn(_) => StepKind::PowerOn,
            Action::WaitHealthy(_) => StepKind::WaitHealthy,
            Action::Rescan(_) => StepKind::Rescan,
            Action::Verify(_) => StepKind::Verify,
            Action::Report => StepKind::Report,
        }
    }

    /// The VM that it is about, if it is about one.
    pub fn vm(&self) -> Option<VmRef> {
        match *self {
            Action::GuestShutdown(vm) | Action::Migrate(vm, _) => Some(VmRef::Production(vm)),
            Action::PowerOff(vm)
            | Action::RegisterVm(vm)
            | Action::UnregisterVm(vm)
            | Action::ConfigureNetwork(vm)
            | Action::CustomizeIp(vm)
            | Action::PowerOn(vm)
            | Action::WaitHealthy(vm) => Some(vm),
            Action::Barrier
            | Action::Check(_)
            | Action::Gate(_)
            | Action::Prompt(_)
            | Action::Callout(_)
            | Action::SyncStorage(_)
            | Action::SuspendVm(_)
            | Action::ResumeVm(_)
            | Action::WakeHost(_)
            | Action::Fence(_)
            | Action::Unfence(_)
            | Action::Unmount(_)
            | Action::SetSitePreference(..)
            | Action::DemoteStorage(_)
            | Action::PromoteStorage(_)
            | Action::SnapshotForTest(_)
            | Action::MountTest(_)
            | Action::DropTest(_)
            | Action::ReverseReplication(_)
            | Action::CreateBubble(_)
            | Action::DropBubble(_)
            | Action::Rescan(_)
            | Action::Verify(_)
            | Action::Report => None,
        }
    }
}
