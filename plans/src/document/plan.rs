//! `RecoveryPlan` documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::format::{AddressText, CidrText, SpanText};
use super::is_default;
use super::select::Match;
use crate::id::{CalloutName, GroupName, NetworkName};
use crate::mobility::Method;
use crate::time::Span;

/// What the business asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Objectives {
    /// Recovery time objective: how long the plan may take.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SpanText>")]
    pub rto: Option<Span>,
    /// Recovery point objective: how much work may be lost.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SpanText>")]
    pub rpo: Option<Span>,
}

/// How a VM is shut down at the protected site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shutdown {
    /// Ask the guest first.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub guest: bool,
    /// After this long it is powered off.
    #[serde(default = "five_minutes", with = "duration", skip_serializing_if = "is_five_minutes")]
    #[schemars(with = "SpanText")]
    pub timeout: Span,
}

/// What counts as recovered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Wait {
    /// Guest tools answer.
    #[default]
    Heartbeat,
    /// A TCP port accepts.
    Tcp(#[schemars(range(min = 1))] u16),
    /// Powered on is enough.
    None,
}

/// How a VM is started at the recovery site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Startup {
    /// What counts as recovered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wait: Wait,
    /// How long to wait for it.
    #[serde(default = "five_minutes", with = "duration", skip_serializing_if = "is_five_minutes")]
    #[schemars(with = "SpanText")]
    pub timeout: Span,
    /// A pause after it.
    #[serde(default, with = "duration", skip_serializing_if = "is_default")]
    #[schemars(with = "SpanText")]
    pub delay: Span,
}

/// Which ways to move a VM are wanted, best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mobility {
    /// Methods, best first; the first that is eligible is taken.
    #[schemars(length(min = 1, max = 1000))]
    pub prefer: Vec<Method>,
}

/// Settings of every VM that no rule below changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Defaults {
    /// 1 is recovered first, 5 last; 3 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5))]
    pub priority: Option<u8>,
    /// How VMs are shut down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<Shutdown>,
    /// How VMs are started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// How VMs move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobility: Option<Mobility>,
}

/// A VM, or VMs, that must be recovered before: a name, or a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum After {
    /// One VM by name.
    Name(String),
    /// All VMs that match.
    Match(AfterMatch),
}

/// The long form of [`After`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AfterMatch {
    /// The VMs.
    #[serde(rename = "match")]
    pub select: Match,
}

/// Rewrites addresses of one network into another, keeping the host part. IPv4 and IPv6.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IpRule {
    /// Addresses in this network …
    #[schemars(with = "CidrText")]
    pub from: ipnet::IpNet,
    /// … become addresses in this one.
    #[schemars(with = "CidrText")]
    pub to: ipnet::IpNet,
    /// Gateway at the recovery site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<AddressText>")]
    pub gateway: Option<std::net::IpAddr>,
    /// Name servers at the recovery site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<AddressText>", length(max = 1000))]
    pub dns: Vec<std::net::IpAddr>,
}

/// IP customization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IpSpec {
    /// The first rule whose `from` holds the address is taken.
    #[schemars(length(min = 1, max = 1000))]
    pub rules: Vec<IpRule>,
}

/// Something of yours that happens beside the power-on of a VM: exactly one of `callout` and
/// `prompt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HookStep {
    /// A registered callout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callout: Option<CalloutName>,
    /// A question to a person; the run waits for the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The role that may answer a prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// How long it may take; 300 s for callouts if left out, no limit for prompts.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SpanText>")]
    pub timeout: Option<Span>,
}

/// Settings of some VMs. Where several rules match a VM, the last one that sets a field wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VmRule {
    /// Which VMs.
    #[serde(rename = "match")]
    pub select: Match,
    /// 1 is recovered first, 5 last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5))]
    pub priority: Option<u8>,
    /// VMs that must be recovered before, also of other priorities and groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub after: Vec<After>,
    /// How they are shut down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<Shutdown>,
    /// How they are started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// How they move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobility: Option<Mobility>,
    /// Whether they are powered on at the recovery site at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_on: Option<bool>,
    /// IP customization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpSpec>,
    /// Before each power-on at the recovery site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub before_power_on: Vec<HookStep>,
    /// After it, when the VM is healthy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub after_power_on: Vec<HookStep>,
}

/// Where VMs of a test are connected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TestNetwork {
    /// An isolated network that the test makes and removes.
    #[default]
    Bubble,
    /// A network that an administrator marked for tests.
    Network(NetworkName),
}

/// A network at the protected site and its counterparts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkMapping {
    /// At the protected site.
    pub protected: NetworkName,
    /// At the recovery site.
    pub recovery: NetworkName,
    /// In a test.
    #[serde(default, skip_serializing_if = "is_default")]
    pub test: TestNetwork,
}

/// VMs of the recovery site that make room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuspendSpec {
    /// Which VMs.
    #[serde(rename = "match")]
    pub select: Match,
}

/// What a failed live move does to its VM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LiveFailure {
    /// It is shut down and restarted at the recovery site in the same run; the reason is recorded.
    #[default]
    Restart,
    /// The run stops, as SRM does.
    Halt,
}

/// How a test runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TestOptions {
    /// Send recent changes first.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub sync: bool,
}

/// What can prove that the protected side cannot write.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// The verdict of a witness in a third failure domain.
    Witness,
    /// A fence that was read back.
    Fence,
    /// A named person's word, with reason and expiry.
    Attestation,
}

/// What ends the commit window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommitPolicy {
    /// It commits by itself when the window ends.
    #[default]
    Auto,
    /// It waits for a person.
    Manual,
}

/// How an unplanned failover runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FailoverOptions {
    /// Evidence that is accepted.
    #[serde(default = "any_evidence", skip_serializing_if = "is_any_evidence")]
    #[schemars(length(min = 1, max = 1000))]
    pub evidence: Vec<EvidenceKind>,
    /// How many persons must approve; 0: whoever starts it is enough.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(range(max = 9))]
    pub approvals: u8,
    /// How long the old state is kept so that one can go back.
    #[serde(default, with = "duration::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SpanText>")]
    pub commit_window: Option<Span>,
    /// What ends the window.
    #[serde(default, skip_serializing_if = "is_default")]
    pub commit: CommitPolicy,
}

/// Settings per kind of run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnSpec {
    /// Tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestOptions>,
    /// Unplanned failovers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<FailoverOptions>,
}

/// The recovery of protection groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanSpec {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The groups. All must have the same recovery site; their protected sites may differ
    /// (many-to-one).
    #[schemars(length(min = 1, max = 1000))]
    pub protection_groups: Vec<GroupName>,
    /// What the business asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub objectives: Objectives,
    /// Settings of every VM that no rule changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub defaults: Defaults,
    /// Settings of some VMs; later rules win.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub vms: Vec<VmRule>,
    /// Networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub networks: Vec<NetworkMapping>,
    /// VMs of the recovery site that make room.
    #[serde(default, rename = "suspend-at-recovery", skip_serializing_if = "Option::is_none")]
    pub suspend_at_recovery: Option<SuspendSpec>,
    /// What a failed live move does to its VM.
    #[serde(default, rename = "live-failure", skip_serializing_if = "is_default")]
    pub live_failure: LiveFailure,
    /// Settings per kind of run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on: OnSpec,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

fn is_five_minutes(span: &Span) -> bool {
    *span == five_minutes()
}

fn is_any_evidence(evidence: &[EvidenceKind]) -> bool {
    evidence == any_evidence()
}

fn five_minutes() -> Span {
    Span::mins(5)
}

fn any_evidence() -> Vec<EvidenceKind> {
    vec![EvidenceKind::Witness, EvidenceKind::Fence, EvidenceKind::Attestation]
}

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown { guest: true, timeout: five_minutes() }
    }
}

impl Default for Startup {
    fn default() -> Startup {
        Startup { wait: Wait::Heartbeat, timeout: five_minutes(), delay: Span::ZERO }
    }
}

impl Default for TestOptions {
    fn default() -> TestOptions {
        TestOptions { sync: true }
    }
}

impl Default for FailoverOptions {
    fn default() -> FailoverOptions {
        FailoverOptions {
            evidence: any_evidence(),
            approvals: 0,
            commit_window: None,
            commit: CommitPolicy::Auto,
        }
    }
}
