//! Whether what a container advertises meets a policy, and if not, why.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{CapabilityId, Constraint, PropertyValues, Rule, RuleSet, StoragePolicy, Value, Want};

/// What is wanted of one property and what there is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// The property.
    pub property: String,
    /// What the policy wants.
    pub wanted: Want,
    /// What the container can give; empty: it says nothing about this property.
    pub found: Vec<Value>,
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// The capability that it asks for.
    pub capability: CapabilityId,
    /// Whether the container does not advertise the capability at all.
    pub missing: bool,
    /// For each alternative of the rule the properties that differ; any of them mended is enough.
    /// Empty where the rule asks for the capability alone.
    pub alternatives: Vec<Vec<Mismatch>>,
}

/// What came out for one rule set.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetOutcome {
    /// Rules that do not hold; empty: the set holds.
    pub broken: Vec<Broken>,
}

/// What came out for a policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Whether a rule set holds.
    pub compliant: bool,
    /// One for each rule set, in order.
    pub sets: Vec<SetOutcome>,
}

impl Evaluation {
    /// The broken rules of the set that is nearest to holding: the one with the fewest, the first
    /// of those. Empty where the policy holds.
    pub fn nearest(&self) -> &[Broken] {
        self.sets.iter().map(|set| set.broken.as_slice()).min_by_key(|b| b.len()).unwrap_or(&[])
    }
}

/// Evaluates a policy against what a container advertises. A policy without any rule set is not
/// met by anything, because none of its alternatives holds.
pub fn evaluate(
    policy: &StoragePolicy,
    advertised: &BTreeMap<CapabilityId, PropertyValues>,
) -> Evaluation {
    let sets: Vec<SetOutcome> =
        policy.rule_sets.iter().map(|set| evaluate_set(set, advertised)).collect();
    Evaluation { compliant: sets.iter().any(|set| set.broken.is_empty()), sets }
}

fn evaluate_set(set: &RuleSet, advertised: &BTreeMap<CapabilityId, PropertyValues>) -> SetOutcome {
    let wanted = set.rules.iter().filter(|rule| !rule.hint);
    let broken = wanted.filter_map(|rule| broken(rule, advertised.get(&rule.capability))).collect();
    SetOutcome { broken }
}

fn broken(rule: &Rule, found: Option<&PropertyValues>) -> Option<Broken> {
    let nothing = PropertyValues::new();
    let alternatives: Vec<Vec<Mismatch>> = rule
        .any_of
        .iter()
        .map(|constraint| mismatches(constraint, found.unwrap_or(&nothing)))
        .collect();
    let holds = alternatives.is_empty() || alternatives.iter().any(Vec::is_empty);
    if found.is_some() && holds {
        return None;
    }
    Some(Broken { capability: rule.capability.clone(), missing: found.is_none(), alternatives })
}

fn mismatches(constraint: &Constraint, found: &PropertyValues) -> Vec<Mismatch> {
    constraint
        .iter()
        .filter_map(|(property, wanted)| {
            let found = found.get(property).map(Vec::as_slice).unwrap_or_default();
            (!found.iter().any(|value| wanted.admits(value))).then(|| Mismatch {
                property: property.clone(),
                wanted: wanted.clone(),
                found: found.to_vec(),
            })
        })
        .collect()
}

impl Want {
    /// Whether a value is what is wanted. Kinds of value are never converted: the text `5` is not
    /// the number 5.
    pub fn admits(&self, value: &Value) -> bool {
        match (self, value) {
            (Want::Equals(wanted), value) => wanted == value,
            (Want::AnyOf(wanted), value) => wanted.contains(value),
            (Want::Range { min, max }, Value::Number(n)) => min <= n && n <= max,
            (Want::Range { .. }, Value::Bool(_) | Value::Text(_)) => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::Text(value) => f.pad(value),
        }
    }
}

fn list(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ")
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Want::Equals(value) => value.fmt(f),
            Want::AnyOf(values) => f.write_str(&list(values)),
            Want::Range { min, max } => write!(f, "between {min} and {max}"),
        }
    }
}

impl fmt::Display for CapabilityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `property is async, not stretched`.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { property, wanted, found } = self;
        if found.is_empty() {
            write!(f, "{property} is not advertised, wanted is {wanted}")
        } else {
            write!(f, "{property} is {}, not {wanted}", list(found))
        }
    }
}

impl Broken {
    /// `replication.mode is async` where the property only repeats the capability's name,
    /// `replication.rpo: seconds is 900` where it adds to it.
    fn describe(&self, mismatch: &Mismatch) -> String {
        let last = self.capability.0.rsplit('.').next().unwrap_or_default();
        if mismatch.property == last || mismatch.property == "value" {
            let named = Mismatch { property: self.capability.0.clone(), ..mismatch.clone() };
            return named.to_string();
        }
        format!("{}: {mismatch}", self.capability)
    }
}

/// `replication.mode is async, not stretched`.
impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.missing {
            return write!(f, "{} is not advertised", self.capability);
        }
        for (i, alternative) in self.alternatives.iter().enumerate() {
            let words: Vec<String> = alternative.iter().map(|m| self.describe(m)).collect();
            write!(f, "{}{}", if i == 0 { "" } else { "; or " }, words.join(" and "))?;
        }
        Ok(())
    }
}
