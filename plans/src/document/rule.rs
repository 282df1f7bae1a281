//! Rules of a plan: which VMs, what is different for them, and what happens beside their power-on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::format::{AddressText, CidrText, SpanText};
use super::select::Match;
use super::settings::{Mobility, Shutdown, Startup};
use crate::id::CalloutName;
use crate::time::Span;

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
