//! Spans that cannot be meant.

use super::set::{Item, repeats};
use crate::document::{HookStep, Mobility, PlanSpec, Shutdown, Startup, VmRule, Wait};
use crate::finding::{Code, Finding};
use crate::mobility::Method;
use crate::time::Span;

/// Nothing that a plan waits for takes longer; a longer span is a wrong unit.
const LONGEST: Span = Span::mins(24 * 60);

pub(super) fn check(plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    let defaults = &plan.spec.defaults;
    let shutdown = defaults.shutdown.as_ref();
    let startup = defaults.startup.as_ref();
    settings(plan, "/spec/defaults", shutdown, startup, findings);
    mobility(plan, "/spec/defaults", defaults.mobility.as_ref(), findings);
    for (ix, rule) in plan.spec.vms.iter().enumerate() {
        let pointer = format!("/spec/vms/{ix}");
        settings(plan, &pointer, rule.shutdown.as_ref(), rule.startup.as_ref(), findings);
        mobility(plan, &pointer, rule.mobility.as_ref(), findings);
        never_started(plan, &pointer, rule, findings);
        for (list, hooks) in
            [("before-power-on", &rule.before_power_on), ("after-power-on", &rule.after_power_on)]
        {
            for (at, HookStep { timeout, .. }) in hooks.iter().enumerate() {
                if let Some(timeout) = timeout {
                    span(plan, &format!("{pointer}/{list}/{at}/timeout"), *timeout, findings);
                }
            }
        }
    }
}

fn settings(
    plan: &Item<'_, PlanSpec>,
    pointer: &str,
    shutdown: Option<&Shutdown>,
    startup: Option<&Startup>,
    findings: &mut Vec<Finding>,
) {
    if let Some(shutdown) = shutdown
        && shutdown.guest
    {
        span(plan, &format!("{pointer}/shutdown/timeout"), shutdown.timeout, findings);
    }
    if let Some(startup) = startup {
        if startup.wait != Wait::None {
            span(plan, &format!("{pointer}/startup/timeout"), startup.timeout, findings);
        }
        if startup.delay > LONGEST {
            span(plan, &format!("{pointer}/startup/delay"), startup.delay, findings);
        }
    }
}

pub(super) fn span(
    plan: &Item<'_, PlanSpec>,
    pointer: &str,
    span: Span,
    findings: &mut Vec<Finding>,
) {
    let field = pointer.rsplit('/').next().unwrap_or_default();
    let (message, help) = if span == Span::ZERO {
        (
            format!("{}: a {field} of {span} is over before anything can happen", plan.title()),
            "write how long it may take, such as 5m, or leave it out for the default",
        )
    } else if span > LONGEST {
        (
            format!("{}: a {field} of {span} is longer than {LONGEST}", plan.title()),
            "look at the unit: `m` is minutes, `h` hours, `d` days",
        )
    } else {
        return;
    };
    findings.push(plan.value(pointer, Finding::error(Code::BadTimeout, message, help)));
}

/// A restart is always possible, so nothing after it is ever tried.
fn mobility(
    plan: &Item<'_, PlanSpec>,
    pointer: &str,
    mobility: Option<&Mobility>,
    findings: &mut Vec<Finding>,
) {
    let Some(Mobility { prefer }) = mobility else { return };
    let pointer = format!("{pointer}/mobility/prefer");
    repeats(prefer, |ix, method| {
        let name = serde_json::to_value(method).unwrap_or_default();
        let name = name.as_str().unwrap_or_default();
        findings.push(plan.repeated(&format!("{pointer}/{ix}"), name));
    });
    let restart = prefer.iter().position(|method| *method == Method::Restart);
    if let Some(ix) = restart.filter(|ix| ix + 1 < prefer.len()) {
        let message = format!("{}: methods after `restart` are never tried", plan.title());
        let help = "a restart is always possible: write it last";
        let finding = Finding::warning(Code::PointlessSetting, message, help);
        findings.push(plan.value(&format!("{pointer}/{}", ix + 1), finding));
    }
}

fn never_started(
    plan: &Item<'_, PlanSpec>,
    pointer: &str,
    rule: &VmRule,
    findings: &mut Vec<Finding>,
) {
    let useless = [
        ("startup", rule.startup.is_some()),
        ("before-power-on", !rule.before_power_on.is_empty()),
        ("after-power-on", !rule.after_power_on.is_empty()),
    ];
    for (field, _) in useless.iter().filter(|(_, set)| *set && rule.power_on == Some(false)) {
        let message = format!("{}: `{field}` of VMs that are not powered on", plan.title());
        let help = "remove it, or remove `power-on: false`";
        let finding = Finding::warning(Code::PointlessSetting, message, help);
        findings.push(plan.key(&format!("{pointer}/{field}"), finding));
    }
}
