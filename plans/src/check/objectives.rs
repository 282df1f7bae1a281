//! Objectives that nothing can meet.

use super::set::{Item, Set};
use crate::document::{PlanSpec, PolicySpec};
use crate::finding::{Code, Finding};
use crate::policy::{Constraint, Value, Want};
use crate::time::Span;

pub(super) fn check(set: &Set<'_>, plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    let objectives = &plan.spec.objectives;
    if objectives.rto == Some(Span::ZERO) {
        let message = format!("{}: no plan takes {}", plan.title(), Span::ZERO);
        let help = "write how long the recovery may take, such as 30m";
        let finding = Finding::error(Code::ZeroObjective, message, help);
        findings.push(plan.value("/spec/objectives/rto", finding));
    }
    let Some(rpo) = objectives.rpo else { return };
    for group in set.groups_of(plan.spec) {
        for name in &group.spec.policies {
            let policy = set.policies.iter().find(|policy| policy.name == name.as_str());
            let worst = policy.and_then(|policy| worst_rpo(policy.spec));
            if let Some(worst) = worst.filter(|worst| *worst > rpo) {
                let message = format!(
                    "{}: at most {rpo} may be lost, and the policy `{name}` of group `{}` allows \
                     {worst}",
                    plan.title(),
                    group.name
                );
                let help = "lower `rpoSeconds` of the policy, or raise `rpo` of the plan";
                let finding = Finding::warning(Code::RpoNotPromised, message, help);
                findings.push(plan.value("/spec/objectives/rpo", finding));
            }
        }
    }
}

/// The longest loss that a policy still accepts, where it says so at all.
fn worst_rpo(policy: &PolicySpec) -> Option<Span> {
    let seconds = policy
        .rule_sets
        .iter()
        .flat_map(|set| &set.rules)
        .filter(|rule| !rule.hint && rule.capability.0 == "replication.mode")
        .flat_map(|rule| &rule.any_of)
        .filter_map(rpo_seconds)
        .fold(None, |worst: Option<f64>, next| Some(worst.map_or(next, |w| w.max(next))))?;
    // Policies allow a century at the most; what is larger says nothing.
    (0.0..3.2e9).contains(&seconds).then_some(Span((seconds * 1000.0) as u64))
}

fn rpo_seconds(constraint: &Constraint) -> Option<f64> {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        Value::Bool(_) | Value::Text(_) => None,
    };
    match constraint.get("rpoSeconds")? {
        Want::Equals(value) => number(value),
        Want::AnyOf(values) => values.iter().filter_map(number).reduce(f64::max),
        Want::Range { max, .. } => Some(*max),
    }
}
