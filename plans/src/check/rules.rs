//! Rules of `vms` that pick nobody, or whose settings are never used.

use super::select::{self, Picker};
use super::set::{Item, Set};
use crate::document::{After, GroupSpec, Match, PlanSpec, VmRule};
use crate::finding::{Code, Finding, shown};

pub(super) fn check(set: &Set<'_>, plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    let groups = set.groups_of(plan.spec);
    // With a group missing, what the plan holds is not known; that it is missing is told already.
    let whole = groups.len() == plan.spec.protection_groups.len();
    let pickers: Vec<Picker<'_>> =
        plan.spec.vms.iter().map(|rule| Picker::new(&rule.select)).collect();
    for (ix, rule) in plan.spec.vms.iter().enumerate() {
        let pointer = format!("/spec/vms/{ix}");
        says_nothing(plan, rule, &pointer, findings);
        everybody(plan, rule, &pointer, findings);
        shadowed(plan, &pickers, ix, findings);
        if whole {
            let at = format!("{pointer}/match");
            findings.extend(outside(plan, &groups, &rule.select, &at));
            for (n, after) in rule.after.iter().enumerate() {
                if let After::Match(after) = after {
                    let at = format!("{pointer}/after/{n}/match");
                    findings.extend(outside(plan, &groups, &after.select, &at));
                }
            }
        }
    }
    if let Some(suspend) = &plan.spec.suspend_at_recovery
        && suspend.select == Match::default()
    {
        let finding = Finding::error(
            Code::EmptyMatch,
            format!("{} would suspend every VM of the recovery site", plan.title()),
            "say which VMs make room, such as `match: {tags: {env: dev}}`",
        );
        findings.push(plan.key("/spec/suspend-at-recovery/match", finding));
    }
}

fn says_nothing(
    plan: &Item<'_, PlanSpec>,
    rule: &VmRule,
    pointer: &str,
    findings: &mut Vec<Finding>,
) {
    if fields(rule).is_empty() {
        let message = format!("{}: this rule changes nothing", plan.title());
        let help = "add a setting such as `priority: 1`, or remove the rule";
        let finding = Finding::warning(Code::PointlessSetting, message, help);
        findings.push(plan.key(&format!("{pointer}/match"), finding));
    }
}

fn everybody(plan: &Item<'_, PlanSpec>, rule: &VmRule, pointer: &str, findings: &mut Vec<Finding>) {
    if rule.select == Match::default() {
        let message = format!("{}: this rule matches every VM of the plan", plan.title());
        let help = "write what is meant for every VM under `defaults`, or say which VMs are meant";
        let finding = Finding::warning(Code::EmptyMatch, message, help);
        findings.push(plan.key(&format!("{pointer}/match"), finding));
    }
}

/// Names of the fields that a rule sets.
fn fields(rule: &VmRule) -> Vec<&'static str> {
    [
        ("priority", rule.priority.is_some()),
        ("after", !rule.after.is_empty()),
        ("shutdown", rule.shutdown.is_some()),
        ("startup", rule.startup.is_some()),
        ("mobility", rule.mobility.is_some()),
        ("power-on", rule.power_on.is_some()),
        ("ip", rule.ip.is_some()),
        ("before-power-on", !rule.before_power_on.is_empty()),
        ("after-power-on", !rule.after_power_on.is_empty()),
    ]
    .into_iter()
    .filter_map(|(name, set)| set.then_some(name))
    .collect()
}

/// A later rule that matches at least the same VMs and sets all that this one sets.
fn shadowed(
    plan: &Item<'_, PlanSpec>,
    pickers: &[Picker<'_>],
    ix: usize,
    findings: &mut Vec<Finding>,
) {
    let rules = &plan.spec.vms;
    let rule = &rules[ix];
    let own = fields(rule);
    let by = rules.iter().enumerate().skip(ix + 1).find(|(at, later)| {
        let later_fields = fields(later);
        pickers[*at].covers(&rule.select) && own.iter().all(|field| later_fields.contains(field))
    });
    if let (Some((by, later)), false) = (by, own.is_empty()) {
        let message = format!(
            "{}: this rule has no effect, because rule {} (`{}`) matches the same VMs and sets the \
             same",
            plan.title(),
            by + 1,
            shown(&select::text(&later.select))
        );
        let help = "later rules win: move this rule below the other one, or remove it";
        let finding = Finding::warning(Code::UnreachableRule, message, help);
        findings.push(plan.key(&format!("/spec/vms/{ix}/match"), finding));
    }
}

/// A match that no group of the plan can satisfy.
fn outside(
    plan: &Item<'_, PlanSpec>,
    groups: &[&Item<'_, GroupSpec>],
    select: &Match,
    pointer: &str,
) -> Option<Finding> {
    if let Some(policy) = &select.policy
        && !groups.iter().any(|group| group.spec.policies.contains(policy))
    {
        let message = format!(
            "{}: nothing can match, because no group of the plan takes the policy `{}`",
            plan.title(),
            shown(policy.as_str())
        );
        let help = "name a policy of one of the plan's groups, or leave `policy` out";
        let finding = Finding::warning(Code::MatchOutsidePlan, message, help);
        return Some(plan.value(&format!("{pointer}/policy"), finding));
    }
    let possible = groups.iter().any(|group| {
        let takes = select.policy.as_ref().is_none_or(|p| group.spec.policies.contains(p));
        takes && !select::tags_exclude(select::narrowing(group.spec), Some(&select.tags))
    });
    if possible || groups.is_empty() {
        return None;
    }
    let message = format!(
        "{}: nothing can match `{}`, because the groups of the plan ask for other tags",
        plan.title(),
        shown(&select::text(select))
    );
    let help = "compare the tags with `where` of the plan's groups";
    let finding = Finding::warning(Code::MatchOutsidePlan, message, help);
    Some(plan.key(&format!("{pointer}/tags"), finding))
}
