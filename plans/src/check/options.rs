//! Options of failovers: evidence, approvals, commit.

use super::set::{Item, repeats};
use super::timeouts;
use crate::document::{CommitPolicy, EvidenceKind, FailoverOptions, PlanSpec};
use crate::finding::{Code, Finding};
use crate::time::Span;

pub(super) fn check(plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    let Some(failover) = &plan.spec.on.failover else { return };
    evidence(plan, failover, findings);
    commit(plan, failover, findings);
}

fn evidence(plan: &Item<'_, PlanSpec>, options: &FailoverOptions, findings: &mut Vec<Finding>) {
    let pointer = "/spec/on/failover/evidence";
    repeats(&options.evidence, |ix, kind| {
        let name = format!("{kind:?}").to_lowercase();
        findings.push(plan.repeated(&format!("{pointer}/{ix}"), &name));
    });
    let one_word = options.evidence.iter().all(|kind| *kind == EvidenceKind::Attestation);
    if one_word && !options.evidence.is_empty() && options.approvals == 0 {
        let message = format!(
            "{}: one person alone can attest that the protected site is off, and start the failover",
            plan.title()
        );
        let help = "write `approvals: 1`, or accept a witness or a fence as evidence too";
        let finding = Finding::warning(Code::UnguardedFailover, message, help);
        findings.push(plan.key(pointer, finding));
    }
}

fn commit(plan: &Item<'_, PlanSpec>, options: &FailoverOptions, findings: &mut Vec<Finding>) {
    let pointer = "/spec/on/failover/commit-window";
    match options.commit_window {
        Some(Span::ZERO) => timeouts::span(plan, pointer, Span::ZERO, findings),
        None if options.commit == CommitPolicy::Manual => {
            let message = format!(
                "{}: a person commits, and there is no window in which to do it",
                plan.title()
            );
            let help = "add `commit-window: 60m`, or write `commit: auto`";
            let finding = Finding::error(Code::CommitWithoutWindow, message, help);
            findings.push(plan.value("/spec/on/failover/commit", finding));
        }
        _ => {}
    }
}
