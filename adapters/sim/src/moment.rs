//! When a fault sets in, as seen from one operation: before it, while it runs, after its effect.
//!
//! Without a moment a fault strikes where its own description says. With one, it waits for an
//! operation, sets in exactly there, and is noted as a [`Hit`], so that whoever injected it can tell
//! that it happened. A moment that a fault cannot have by its own description has a reason instead.

use std::collections::BTreeMap;

use muster_contract::{ErrorClass, OpId, Operation, OperationKind, Outcome, Receipt};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::fault::{ActiveFault, Fault, FaultId};
use crate::ledger::Phase;
use crate::sim::Sim;
use crate::world::{Event, World};

/// A moment in the life of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// It has arrived, and nothing was begun.
    Before,
    /// It is being carried out: half of its time has passed.
    During,
    /// It has had its effect, and nobody was told.
    After,
}

impl Moment {
    /// All of them, in their order.
    pub const ALL: [Moment; 3] = [Moment::Before, Moment::During, Moment::After];
}

/// A fault with a moment has struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// When.
    pub at: Time,
    /// Where.
    pub site: SiteName,
    /// Which operation.
    pub op: OpId,
    /// Of which kind.
    pub kind: OperationKind,
    /// Which fault.
    pub fault: FaultId,
    /// At which moment.
    pub moment: Moment,
}

impl FaultId {
    /// Why a fault cannot set in at a moment, by its own description; `None`: it can.
    pub fn never_at(self, moment: Moment) -> Option<&'static str> {
        use Moment::{After, Before, During};
        match (self, moment) {
            (FaultId::F1, After) => Some("a refusal says that nothing was changed"),
            (FaultId::F2, After) => Some("the request is lost, so that it has no effect"),
            (FaultId::F3, Before | During) => Some("only an answer can be lost without the effect"),
            (FaultId::F4, After) => Some("it is done after the timeout; done before it is F3"),
            (FaultId::F5, After) => Some("an acknowledgement after the effect is not early"),
            (FaultId::F6, After) => Some("it never has an effect"),
            (FaultId::F7, Before) => Some("what has not begun cannot be repeated"),
            (FaultId::F8, After) => Some("an effect that was had is in its order"),
            (FaultId::F10, Before) => Some("no part is done before it begins; that is F2"),
            (FaultId::F10, After) => Some("all parts are done then; that is F3"),
            _ => None,
        }
    }

    /// Why a fault cannot strike an operation of a kind; `None`: it can.
    pub fn never_on(self, kind: OperationKind) -> Option<&'static str> {
        use OperationKind as K;
        let parts = matches!(kind, K::ConnectNics | K::ConnectTestNics | K::CustomizeIp);
        (self == FaultId::F10 && !parts).then_some("the simulated world does it in one piece")
    }

    /// Faults of a whole site or VM: from their moment on they last until they are healed.
    fn lasts(self) -> bool {
        use FaultId as F;
        matches!(self, F::F11 | F::F12 | F::F14 | F::F15 | F::F16 | F::F18)
    }
}

impl World {
    /// A fault that waited for this moment sets in, if it still waits: it is counted and noted.
    fn sets_in(&mut self, site: &SiteName, op: OpId, kind: OperationKind, fault: &Fault) -> bool {
        let same = |other: &Fault| {
            other.id == fault.id
                && other.site == fault.site
                && other.kind == fault.kind
                && other.object == fault.object
                && other.moment == fault.moment
        };
        let waits = self.faults.iter().position(|active| same(&active.fault));
        if waits.and_then(|place| self.count_down(place)).is_none() {
            return false;
        }
        let at = self.now;
        if let (Some(moment), Some(hits)) = (fault.moment, &mut self.hits) {
            hits.push(Hit { at, site: site.clone(), op, kind, fault: fault.id, moment });
        }
        true
    }

    /// A fault that lasts sets in.
    fn set_in(&mut self, fault: &Fault, object: &str) {
        let site = fault.site.clone();
        let mut lasting =
            Fault { kind: None, object: None, times: None, moment: None, ..fault.clone() };
        if fault.id == FaultId::F15 {
            // The VM that the operation is about, or another one that stands there.
            let there = |site: &SiteName| {
                let instances = self.sites.get(site).map(|site| &site.instances);
                let named = instances.is_some_and(|all| all.contains_key(object));
                let any = instances.and_then(|all| all.keys().next().cloned());
                if named { Some(object.to_owned()) } else { any }
            };
            let sites = std::iter::once(&site).chain(self.sites.keys());
            let found = sites.filter_map(|at| there(at).map(|vm| (at.clone(), vm))).next();
            let Some((at, vm)) = found else { return };
            lasting.site = at;
            lasting.object = Some(vm);
            // It cannot fail: the VM was just found.
            _ = self.inject(&lasting);
            return;
        }
        self.faults.push(ActiveFault { fault: lasting, cache: BTreeMap::new() });
    }

    /// An operation arrives under a fault that sets in before it, or is let in unharmed. `Some`: what
    /// its caller is told.
    pub(crate) fn strike_before(
        &mut self,
        site: &SiteName,
        id: OpId,
        op: &Operation,
        fault: &Fault,
    ) -> Option<Outcome<Receipt>> {
        let is_its_moment = fault.moment == Some(Moment::Before);
        if !is_its_moment || !self.sets_in(site, id, op.kind(), fault) {
            return None;
        }
        if fault.id.lasts() {
            self.set_in(fault, &op.object());
        }
        (fault.id == FaultId::F1).then(|| {
            let class = fault.class.unwrap_or(ErrorClass::Precondition);
            Outcome::refused(class, "the backend refused")
        })
    }

    /// Half of an operation's time has passed.
    pub(crate) fn half_way(&mut self, site: &SiteName, id: OpId) {
        let now = self.now;
        let Some(entry) = self.entry(site, id) else { return };
        let Phase::Running(Some(due)) = entry.phase else { return };
        let Some(fault) = entry.fault.clone() else { return };
        let Some(kind) = entry.call.as_ref().map(|call| call.1.kind()) else { return };
        let object = entry.object.clone();
        if !self.sets_in(site, id, kind, &fault) {
            return;
        }
        let Some(entry) = self.entry(site, id) else { return };
        match fault.id {
            FaultId::F2 => self.forget(site, id),
            FaultId::F1 => {
                let class = fault.class.unwrap_or(ErrorClass::Precondition);
                self.end(site, id, Outcome::refused(class, "the backend refused"));
            }
            FaultId::F4 => {
                entry.reply = Some((now, Outcome::unknown("the request timed out")));
                self.let_go(site, id, due + fault.wait());
            }
            FaultId::F5 => {
                entry.result = Some(early(now));
                self.let_go(site, id, due + fault.wait());
            }
            FaultId::F6 => {
                entry.result = Some(early(now));
                let never = Outcome::unknown("it was said to be done");
                self.end(site, id, never);
            }
            FaultId::F8 => {
                let until = entry.call.as_ref().map_or(due, |call| call.0.deadline);
                self.let_go(site, id, until);
            }
            FaultId::F9 => entry.phase = Phase::Running(None),
            FaultId::F13 => {
                let later = now + Span(due.since(now).0 * 100);
                entry.phase = Phase::Running(Some(later));
                entry.put_off = Some(later);
                self.queue.plan(later, Event::Effect { site: site.clone(), op: id });
            }
            FaultId::F17 => {
                entry.reply = Some((now, Outcome::unknown("the answer could not be read")));
            }
            _ => self.set_in(&fault, &object),
        }
    }

    /// Whether an effect that was planned is not due any more: it was put off, or hangs.
    pub(crate) fn put_off(&mut self, site: &SiteName, id: OpId) -> bool {
        let now = self.now;
        let Some(entry) = self.entry(site, id).filter(|entry| entry.fault.is_some()) else {
            return false;
        };
        let hangs = entry.phase == Phase::Running(None);
        hangs || entry.put_off.is_some_and(|until| until > now)
    }

    /// Nobody waits for an operation any more; its effect comes later, beside whatever else is asked
    /// of its object.
    fn let_go(&mut self, site: &SiteName, id: OpId, until: Time) {
        let Some(entry) = self.entry(site, id) else { return };
        entry.phase = Phase::Detached;
        entry.put_off = Some(until);
        let object = entry.object.clone();
        if let Some(ledger) = self.ledger(site) {
            ledger.detached.push(id);
        }
        self.queue.plan(until, Event::Effect { site: site.clone(), op: id });
        self.leave_queue(site, &object, id);
    }

    /// Whether a fault has its part in the effect that an operation has now.
    pub(crate) fn strikes_effect(
        &mut self,
        site: &SiteName,
        id: OpId,
        kind: OperationKind,
        fault: &Fault,
    ) -> bool {
        match (fault.moment, fault.id) {
            (None | Some(Moment::Before), _) => true,
            (Some(Moment::During), FaultId::F7 | FaultId::F10) | (Some(Moment::After), _) => {
                self.sets_in(site, id, kind, fault)
            }
            (Some(Moment::During), _) => false,
        }
    }

    /// An operation has had its effect. `true`: it hangs from here on, and has no end.
    pub(crate) fn strike_after(&mut self, site: &SiteName, id: OpId, fault: &Fault) -> bool {
        let now = self.now;
        if fault.moment != Some(Moment::After) {
            return false;
        }
        let Some(entry) = self.entry(site, id) else { return false };
        match fault.id {
            FaultId::F9 => entry.phase = Phase::Running(None),
            FaultId::F13 => {
                let late = now + Span(entry.takes.0 * 99);
                let deadline = entry.call.as_ref().map_or(late, |call| call.0.deadline);
                entry.reply = Some(if late < deadline {
                    (late, early(now))
                } else {
                    (deadline, Outcome::unknown("no result by the deadline"))
                });
            }
            _ => {
                let object = entry.object.clone();
                if fault.id.lasts() {
                    self.set_in(fault, &object);
                }
            }
        }
        fault.id == FaultId::F9
    }
}

fn early(at: Time) -> Outcome<Receipt> {
    Outcome::Done(Receipt { already: false, at: Some(at), note: None })
}

impl Sim {
    /// Faults with a moment that have struck since [`Sim::watch`].
    pub fn hits(&self) -> Vec<Hit> {
        self.shared.at_now(|state| state.world.hits.clone().unwrap_or_default())
    }
}
