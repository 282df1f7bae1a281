//! `RecoveryPlan` documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::format::SpanText;
use super::is_default;
use super::options::OnSpec;
use super::rule::VmRule;
use super::select::Match;
use super::settings::Defaults;
use crate::id::{GroupName, NetworkName};
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
