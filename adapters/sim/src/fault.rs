//! Faults that can be put on any operation or query of a site.

use std::collections::BTreeMap;

use muster_contract::{ErrorClass, Observed, OperationKind};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use crate::world::World;

/// Which fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FaultId {
    /// Refused.
    F1,
    /// Timeout, not done: the request is lost on its way.
    F2,
    /// Timeout, done: the answer is lost.
    F3,
    /// Timeout, done later, after `delay` (one minute if not said).
    F4,
    /// Acknowledged at once, done after `delay` (30 s if not said).
    F5,
    /// Acknowledged, never done.
    F6,
    /// Done, and done again after `delay` (1 s if not said).
    F7,
    /// Done after the next operation on the same object, or at its deadline.
    F8,
    /// Hangs until it is cancelled or the fault is healed.
    F9,
    /// Done for a part of the object only; the answer is unknown.
    F10,
    /// Queries are answered from a cache that is filled every `delay` (5 minutes if not said). The
    /// answer says when it was observed.
    F11,
    /// The site answers for `delay` (10 s if not said), is silent for as long, and so on.
    F12,
    /// A hundred times as slow.
    F13,
    /// Credentials are not accepted any more.
    F14,
    /// The VM that `object` names was renamed, and moved to another host, behind our back.
    F15,
    /// Throttled.
    F16,
    /// The answer makes no sense; an operation had its effect all the same.
    F17,
    /// The backend's clock is off by `delay` (one hour if not said), `behind` or ahead.
    F18,
}

impl FaultId {
    /// All of them.
    pub const ALL: [FaultId; 18] = [
        FaultId::F1,
        FaultId::F2,
        FaultId::F3,
        FaultId::F4,
        FaultId::F5,
        FaultId::F6,
        FaultId::F7,
        FaultId::F8,
        FaultId::F9,
        FaultId::F10,
        FaultId::F11,
        FaultId::F12,
        FaultId::F13,
        FaultId::F14,
        FaultId::F15,
        FaultId::F16,
        FaultId::F17,
        FaultId::F18,
    ];

    fn on_operations(self) -> bool {
        !matches!(self, FaultId::F11 | FaultId::F12 | FaultId::F15 | FaultId::F18)
    }

    fn on_queries(self) -> bool {
        matches!(self, FaultId::F11 | FaultId::F14 | FaultId::F16 | FaultId::F17)
    }

    fn default_delay(self) -> Span {
        match self {
            FaultId::F4 => Span::mins(1),
            FaultId::F5 => Span::secs(30),
            FaultId::F7 => Span::secs(1),
            FaultId::F11 => Span::mins(5),
            FaultId::F12 => Span::secs(10),
            FaultId::F18 => Span::mins(60),
            _ => Span::ZERO,
        }
    }
}

/// A fault to be injected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Which.
    pub id: FaultId,
    /// At which site.
    pub site: SiteName,
    /// Only on this kind of operation; queries never match then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<OperationKind>,
    /// Only on this object, as [`muster_contract::Operation::object`] names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// How often; `None`: until it is healed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// With which odds each time, 0 to 1; `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odds: Option<f64>,
    /// How long; what it means is said at each fault. Not divided by the world's speed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// The class of a refusal (F1); `None`: precondition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ErrorClass>,
    /// The clock is slow instead of fast (F18).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub behind: bool,
    /// Sets in at this moment of an operation of `kind` or on `object`, instead of where the fault's
    /// own description says; refused where [`FaultId::never_at`] has a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<Moment>,
}

impl Fault {
    /// A fault on everything at a site, until it is healed.
    pub fn at(id: FaultId, site: impl Into<SiteName>) -> Fault {
        Fault {
            id,
            site: site.into(),
            kind: None,
            object: None,
            times: None,
            odds: None,
            delay: None,
            class: None,
            behind: false,
            moment: None,
        }
    }

    /// Only on one kind of operation.
    pub fn on(self, kind: OperationKind) -> Fault {
        Fault { kind: Some(kind), ..self }
    }

    /// Only on one object.
    pub fn object(self, object: impl Into<String>) -> Fault {
        Fault { object: Some(object.into()), ..self }
    }

    /// Only so often.
    pub fn times(self, times: u32) -> Fault {
        Fault { times: Some(times), ..self }
    }

    /// With this delay.
    pub fn delay(self, delay: Span) -> Fault {
        Fault { delay: Some(delay), ..self }
    }

    /// Sets in at this moment of an operation.
    pub fn moment(self, moment: Moment) -> Fault {
        Fault { moment: Some(moment), ..self }
    }

    pub(crate) fn wait(&self) -> Span {
        self.delay.unwrap_or_else(|| self.id.default_delay())
    }
}

/// A fault at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ActiveFault {
    pub(crate) fault: Fault,
    /// What a stale cache holds, by query.
    pub(crate) cache: BTreeMap<String, Observed>,
}

impl World {
    /// The first fault that strikes an operation, counted down.
    pub(crate) fn strike(
        &mut self,
        site: &SiteName,
        kind: OperationKind,
        object: &str,
    ) -> Option<Fault> {
        let found = self.faults.iter().position(|active| {
            let fault = &active.fault;
            (fault.id.on_operations() || fault.moment.is_some())
                && &fault.site == site
                && fault.kind.is_none_or(|only| only == kind)
                && fault.object.as_ref().is_none_or(|only| only == object)
        })?;
        if self.faults[found].fault.moment.is_some() {
            // Counted where it sets in, which may be never: the operation may have nothing to do.
            return Some(self.faults[found].fault.clone());
        }
        self.count_down(found)
    }

    /// The fault that strikes a query, counted down, and its place.
    pub(crate) fn strike_query(&mut self, site: &SiteName, object: &str) -> Option<Fault> {
        let found = self.query_fault(site, object)?;
        self.count_down(found)
    }

    pub(crate) fn query_fault(&self, site: &SiteName, object: &str) -> Option<usize> {
        self.faults.iter().position(|active| {
            let fault = &active.fault;
            fault.id.on_queries()
                && fault.moment.is_none()
                && &fault.site == site
                && fault.kind.is_none()
                && fault.object.as_ref().is_none_or(|only| only == object)
        })
    }

    pub(crate) fn count_down(&mut self, place: usize) -> Option<Fault> {
        let fault = self.faults[place].fault.clone();
        if fault.odds.is_some_and(|odds| !self.rng.chance(odds)) {
            return None;
        }
        if let Some(times) = &mut self.faults[place].fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.faults.remove(place);
            }
        }
        Some(fault)
    }

    /// Whether a flapping site is silent at this moment.
    pub(crate) fn flapping(&self, site: &SiteName) -> bool {
        self.faults.iter().map(|active| &active.fault).any(|fault| {
            fault.id == FaultId::F12
                && fault.moment.is_none()
                && &fault.site == site
                && self.now.0.div_euclid(fault.wait().0.max(1) as i64) % 2 != 0
        })
    }

    /// An instant as the site's clock shows it.
    pub(crate) fn shown(&self, site: &SiteName, at: Time) -> Time {
        let mut at = at;
        for active in &self.faults {
            let fault = &active.fault;
            if fault.id == FaultId::F18 && fault.moment.is_none() && &fault.site == site {
                at = if fault.behind { at - fault.wait() } else { at + fault.wait() };
            }
        }
        at
    }
}
