//! Steps before and after a power-on: exactly one of callout and prompt.

use super::set::Item;
use crate::document::{HookStep, PlanSpec};
use crate::finding::{Code, Finding};

pub(super) fn check(plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    for (ix, rule) in plan.spec.vms.iter().enumerate() {
        for (list, hooks) in
            [("before-power-on", &rule.before_power_on), ("after-power-on", &rule.after_power_on)]
        {
            for (at, hook) in hooks.iter().enumerate() {
                let pointer = format!("/spec/vms/{ix}/{list}/{at}");
                findings.extend(one(plan, &pointer, hook));
            }
        }
    }
}

fn one(plan: &Item<'_, PlanSpec>, pointer: &str, hook: &HookStep) -> Option<Finding> {
    let help = "write `callout: NAME`, or `prompt: \"…\"` with the role that answers it";
    let prompt = hook.prompt.as_ref().map(|text| text.trim());
    match (&hook.callout, prompt) {
        (Some(callout), Some(_)) => {
            let message = format!(
                "{}: one step runs the callout `{callout}` and asks a question",
                plan.title()
            );
            let help = "make two entries of it; they happen in the order in which they stand";
            let finding = Finding::error(Code::HookWithTwoActions, message, help);
            Some(plan.key(&format!("{pointer}/prompt"), finding))
        }
        (None, None | Some("")) => {
            let message = format!("{}: this step does nothing", plan.title());
            let finding = Finding::error(Code::HookWithoutAction, message, help);
            Some(plan.value(pointer, finding))
        }
        (Some(callout), None) if hook.role.is_some() => {
            let message = format!("{}: `role` beside the callout `{callout}`", plan.title());
            let help = "a role answers prompts; a callout needs none, so remove it";
            let finding = Finding::warning(Code::PointlessSetting, message, help);
            Some(plan.key(&format!("{pointer}/role"), finding))
        }
        _ => None,
    }
}
