//! Storage policies that nothing can satisfy, or that ask for what nobody advertises.

use super::set::{Item, Set};
use crate::document::PolicySpec;
use crate::finding::{Code, Finding, shown};
use crate::policy::{Constraint, Rule, Value, Want};
use crate::schema::suggest;

/// Capabilities that adapters advertise by convention. Vendors add their own, so others are no
/// mistake; a name that is nearly one of these is.
const KNOWN: [&str; 4] =
    ["replication.mode", "stretched.site-affinity", "encryption.at-rest", "cache.mode"];

const MODES: [&str; 4] = ["stretched", "sync", "async", "cdp"];

pub(super) fn check(set: &Set<'_>, findings: &mut Vec<Finding>) {
    for policy in &set.policies {
        for (s, rule_set) in policy.spec.rule_sets.iter().enumerate() {
            if rule_set.rules.is_empty() {
                findings.push(no_rules(policy, s));
            }
            for (r, rule) in rule_set.rules.iter().enumerate() {
                let pointer = format!("/spec/ruleSets/{s}/rules/{r}");
                capability(policy, rule, &pointer, findings);
                for (c, constraint) in rule.any_of.iter().enumerate() {
                    let pointer = format!("{pointer}/anyOf/{c}");
                    wants(policy, rule, constraint, &pointer, findings);
                }
            }
        }
    }
}

fn no_rules(policy: &Item<'_, PolicySpec>, set: usize) -> Finding {
    let message = format!(
        "{}: rule set {set} has no rules, so every container satisfies the policy",
        policy.title()
    );
    let finding = Finding::warning(
        Code::PointlessSetting,
        message,
        "add a rule, or remove the rule set if another one says what is wanted",
    );
    policy.key(&format!("/spec/ruleSets/{set}/rules"), finding)
}

fn capability(
    policy: &Item<'_, PolicySpec>,
    rule: &Rule,
    pointer: &str,
    findings: &mut Vec<Finding>,
) {
    let name = rule.capability.0.as_str();
    if KNOWN.contains(&name) {
        return;
    }
    if let Some(meant) = suggest::nearest(name, KNOWN) {
        let message = format!("{}: `{}` is no known capability", policy.title(), shown(name));
        let finding = Finding::warning(
            Code::UnknownValue,
            message,
            format!("did you mean `{meant}`? No container would ever satisfy a misspelt one"),
        );
        findings.push(policy.value(&format!("{pointer}/capability"), finding));
    }
}

fn wants(
    policy: &Item<'_, PolicySpec>,
    rule: &Rule,
    constraint: &Constraint,
    pointer: &str,
    findings: &mut Vec<Finding>,
) {
    for (property, want) in constraint {
        let pointer = format!("{pointer}/{property}");
        match want {
            Want::Range { min, max } if min > max => {
                let message = format!(
                    "{}: no number is from {min} to {max}, so nothing satisfies `{}`",
                    policy.title(),
                    shown(property)
                );
                let finding =
                    Finding::error(Code::EmptyRange, message, "write the smaller number as `min`");
                findings.push(policy.key(&pointer, finding));
            }
            Want::AnyOf(values) if values.is_empty() => {
                let message = format!(
                    "{}: `{}` may be one of nothing, so nothing satisfies it",
                    policy.title(),
                    shown(property)
                );
                let finding = Finding::error(Code::EmptyRange, message, "write at least one value");
                findings.push(policy.key(&pointer, finding));
            }
            _ => {}
        }
        if rule.capability.0 == "replication.mode" && property == "mode" {
            modes(policy, want, &pointer, findings);
        }
    }
}

fn modes(policy: &Item<'_, PolicySpec>, want: &Want, pointer: &str, findings: &mut Vec<Finding>) {
    let values: Vec<(String, &Value)> = match want {
        Want::Equals(value) => vec![(format!("{pointer}/equals"), value)],
        Want::AnyOf(values) => {
            let at = |ix| format!("{pointer}/anyOf/{ix}");
            values.iter().enumerate().map(|(ix, value)| (at(ix), value)).collect()
        }
        Want::Range { .. } => Vec::new(),
    };
    for (pointer, value) in values {
        let text = match value {
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
        };
        if !MODES.contains(&text.as_str()) {
            let message = format!("{}: `{}` is no replication mode", policy.title(), shown(&text));
            let finding = Finding::error(Code::UnknownValue, message, suggest::help(&text, &MODES));
            findings.push(policy.value(&pointer, finding));
        }
    }
}
