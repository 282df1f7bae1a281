//! I3, I11 and I16: an unplanned failover.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_contract::{Mode, Operation, StorageOp};
use muster_engine::{Event, Evidence, EvidenceSource, Record, Verdict as Ruling};
use muster_plans::graph::{Action, GateKind, Graph, SiteIx};
use muster_plans::id::{RunId, SiteName};
use muster_plans::run::RunKind;
use muster_plans::time::Time;

use super::{Checker, Invariant, Verdict};
use crate::watch::Sight;

/// A failover under way.
struct Failover {
    graph: Arc<Graph>,
    /// With the epoch in which it came.
    evidence: Vec<(Evidence, u64)>,
    /// When each site last lived: something was begun that may write there, or it did what it was asked.
    alive: BTreeMap<SiteName, Moment>,
    /// When each site was last fenced, or a person said that it needs no fence.
    fenced: BTreeMap<SiteName, Moment>,
}

/// When something was, by the clock of the owner of an epoch, and how many pieces of evidence there were by
/// then. Clocks of two owners have nothing to do with each other: what another owner has written behind it
/// is newer.
#[derive(Clone, Copy)]
struct Moment {
    at: Time,
    epoch: u64,
    before: usize,
}

impl Moment {
    fn is_before(self, nr: usize, (evidence, epoch): &(Evidence, u64)) -> bool {
        match self.epoch == *epoch {
            true => evidence.observed_at >= self.at,
            false => nr >= self.before,
        }
    }
}

fn is_failover(graph: &Graph) -> bool {
    graph.kind == RunKind::Failover && !graph.owed_only
}

/// Sites that a graph's VMs leave.
fn left(graph: &Graph) -> Vec<SiteName> {
    let mut sites: Vec<SiteName> = graph.vms.iter().map(|vm| graph.site(vm.from).clone()).collect();
    sites.sort();
    sites.dedup();
    sites
}

/// I3 and I11.
#[derive(Default)]
pub(super) struct Promotes(BTreeMap<RunId, Failover>);

impl Promotes {
    fn record(&mut self, run: RunId, record: &Record) -> Verdict {
        let Some(failover) = self.0.get_mut(&run) else { return Ok(()) };
        let (at, epoch) = (record.at, record.epoch);
        let now = Moment { at, epoch, before: failover.evidence.len() };
        match &record.event {
            Event::Opened(opening) => {
                failover.evidence.extend(opening.evidence.iter().map(|one| (one.clone(), epoch)));
            }
            Event::EvidenceSeen(evidence) => failover.evidence.push((evidence.clone(), epoch)),
            Event::Intent { step, undo: false, .. } => {
                let step = failover.graph.step(*step);
                if let Action::PromoteStorage(group) = step.action {
                    let from = failover.graph.groups[group.0 as usize].from;
                    return failover.may_promote(run, at, failover.graph.site(from));
                }
                if starts_a_writer(step.action) {
                    failover.alive.insert(failover.graph.site(step.site).clone(), now);
                }
            }
            Event::Done { step, undo: false, .. }
                if matches!(failover.graph.step(*step).action, Action::Gate(_)) =>
            {
                return failover.may_open(run, at, failover.graph.step(*step).action);
            }
            Event::Done { step, undo: false, .. } => {
                let step = failover.graph.step(*step);
                match step.action {
                    Action::Fence(against) => failover.fence(against, now),
                    action if tells_of_life(action) => {
                        failover.alive.insert(failover.graph.site(step.site).clone(), now);
                    }
                    _ => {}
                }
            }
            Event::Ruled { step, verdict: Ruling::Done | Ruling::Skip, .. } => {
                if let Action::Fence(against) = failover.graph.step(*step).action {
                    failover.fence(against, now);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn starts_a_writer(action: Action) -> bool {
    matches!(
        action,
        Action::ReverseReplication(_)
            | Action::Unfence(_)
            | Action::PowerOn(_)
            | Action::ResumeVm(_)
            | Action::Migrate(..)
    )
}

/// What was asked of a site and done by it. Nobody asks a site for what comes from the server itself, and
/// taking an old entry off a list comes when its VM runs elsewhere already.
fn tells_of_life(action: Action) -> bool {
    !matches!(
        action,
        Action::Barrier
            | Action::Check(_)
            | Action::Gate(_)
            | Action::Prompt(_)
            | Action::Callout(_)
            | Action::UnregisterVm(_)
            | Action::Verify(_)
            | Action::Report
    )
}

impl Failover {
    fn fence(&mut self, against: SiteIx, now: Moment) {
        self.fenced.insert(self.graph.site(against).clone(), now);
    }

    /// A gate opens by itself on evidence that has not expired.
    fn may_open(&self, run: RunId, at: Time, gate: Action) -> Verdict {
        let Action::Gate(GateKind::EvidenceAgainst(against)) = gate else { return Ok(()) };
        let site = self.graph.site(against);
        let valid = |one: &Evidence| one.against == *site && one.expires_at > at;
        let good = self.evidence.iter().any(|(one, _)| valid(one));
        if good {
            return Ok(());
        }
        let what = format!("{run} opens its gate at {at:?} without valid evidence against {site}");
        Err((Invariant::EvidenceBeforePromote, what))
    }

    /// Evidence against the site that the group leaves; it was valid when the gate opened, which is journalled
    /// before the promote, so what counts here is that there is any, of after the site's last sign of life and,
    /// but for a person's word, of after the fence.
    fn may_promote(&self, run: RunId, at: Time, site: &SiteName) -> Verdict {
        let broken = |what| {
            let words = format!("{run} promotes at {at:?} without {what} {site}");
            Err((Invariant::EvidenceBeforePromote, words))
        };
        let Some(fenced) = self.fenced.get(site).copied() else {
            return broken("a fence against");
        };
        let alive = self.alive.get(site).copied();
        let good = self.evidence.iter().enumerate().any(|(nr, held)| {
            let word = matches!(held.0.source, EvidenceSource::Attestation { .. });
            let newer = |alive: Moment| alive.is_before(nr, held) || (word && nr >= alive.before);
            &held.0.against == site
                && alive.is_none_or(newer)
                && (word || fenced.is_before(nr, held))
        });
        if good { Ok(()) } else { broken("evidence of after the fence against") }
    }
}

impl Checker for Promotes {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Created(run, graph, _) if is_failover(graph) => {
                let graph = Arc::clone(graph);
                let (alive, fenced) = (BTreeMap::new(), BTreeMap::new());
                self.0.insert(*run, Failover { graph, evidence: Vec::new(), alive, fenced });
                Ok(())
            }
            Sight::Appended(append) => {
                append.records.iter().try_for_each(|record| self.record(append.run, record))
            }
            Sight::Sent(_, ctx, Operation::Storage(StorageOp::Promote { group, point, .. })) => {
                let Some(failover) = self.0.get(&ctx.op_id.run) else { return Ok(()) };
                let shown = failover.graph.groups.iter().find(|target| target.id == *group);
                match shown {
                    Some(target) if target.point != *point => Err((
                        Invariant::HonestPoint,
                        format!("{group} is promoted to {point:?}, which is not what was shown"),
                    )),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// I16.
#[derive(Default)]
pub(super) struct SelfDependency(BTreeMap<RunId, Vec<SiteName>>);

impl Checker for SelfDependency {
    fn see(&mut self, _: Time, sight: &Sight<'_>) -> Verdict {
        match sight {
            Sight::Created(run, graph, _) if is_failover(graph) && graph.forced => {
                self.0.insert(*run, left(graph));
                Ok(())
            }
            Sight::Sent(site, ctx, op) => match self.0.get(&ctx.op_id.run) {
                Some(left) if left.contains(site) && ctx.mode == Mode::Unplanned => Err((
                    Invariant::NoSelfDependency,
                    format!("a forced failover asks {site} for {:?}", op.kind()),
                )),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}
