//! `ProtectionGroup` documents, and how VMs are picked.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::format::PatternText;
use crate::id::{PolicyName, SiteName};

/// The two sites of a group, by their role at the time of writing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSites {
    /// Where the VMs run.
    pub protected: SiteName,
    /// Where they are recovered.
    pub recovery: SiteName,
}

/// Narrows a group to some of the VMs under its policies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Where {
    /// Tags that must all be there.
    pub tags: BTreeMap<String, String>,
}

/// VMs that are protected together. Members are derived from storage policies, never listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSpec {
    /// The site pair.
    pub sites: GroupSites,
    /// Every VM whose objects carry one of these is a member.
    #[schemars(length(min = 1, max = 1000))]
    pub policies: Vec<PolicyName>,
    /// Optional narrowing.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub narrow: Option<Where>,
}

/// Picks VMs of a plan; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// A name, `*` and `?` allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PatternText>")]
    pub name: Option<String>,
    /// VMs with an object under this policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// Tags that must all be there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}
