//! Storage policies with SPBM semantics.
//!
//! A policy is a choice between rule sets (OR); all rules of a set must hold (AND); the constraints
//! of one rule are alternatives (OR); the properties inside one constraint must all hold (AND). A
//! rule that is only a `hint` does not affect placement and never makes an object non-compliant.
//! Source: the `pbm` types of VMware's SPBM API.

mod comply;
mod evaluate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::PolicyName;

pub use comply::compliance;
pub use evaluate::{Broken, Evaluation, Mismatch, SetOutcome, evaluate};

/// A capability as its provider advertises it, `namespace.id`: `replication.mode`,
/// `encryption.at-rest`, `cache.mode`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct CapabilityId(pub String);

/// A property's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A number; spans of time are in seconds.
    Number(f64),
    /// Text.
    Text(String),
}

/// Values that a container advertises for one capability: property to the values it can give.
pub type PropertyValues = BTreeMap<String, Vec<Value>>;

/// What a property must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Want {
    /// Exactly this.
    Equals(Value),
    /// One of these.
    AnyOf(Vec<Value>),
    /// A number in this range, both ends included.
    Range {
        /// Smallest value allowed.
        min: f64,
        /// Largest value allowed.
        max: f64,
    },
}

/// Properties that must all hold.
pub type Constraint = BTreeMap<String, Want>;

/// One capability that is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Which capability.
    pub capability: CapabilityId,
    /// Only a wish: does not affect placement or compliance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hint: bool,
    /// Alternatives; one must hold. None: the capability must merely be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Constraint>,
}

/// Rules that must all hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSet {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A storage policy.
#[derive(Clone, Debug, PartialEq)]
pub struct StoragePolicy {
    /// Its name.
    pub name: PolicyName,
    /// Alternatives; one must hold.
    pub rule_sets: Vec<RuleSet>,
    /// Whether an object may be created although nothing satisfies the policy.
    pub force_provision: bool,
}

/// Compliance of one object with its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Compliance {
    /// The policy holds.
    Compliant,
    /// It does not.
    NonCompliant,
    /// The container is not known, so nobody can say.
    Unknown,
    /// The object has no policy, or is of a kind that policies do not bind (swap, memory).
    NotApplicable,
    /// The policy changed after the object was last checked against it by its provider.
    OutOfDate,
}
