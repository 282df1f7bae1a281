//! One method for one VM: which rules are broken, and what the move would cost.

mod cost;
mod storage;
mod target;

use super::{Against, Assessment, Method, PairFacts, RuleId};
use crate::inventory::{Power, VirtualMachine};

/// Collects what is against a method.
pub(super) struct Case<'p, 'a> {
    facts: &'p PairFacts<'a>,
    vm: &'p VirtualMachine,
    method: Method,
    against: Vec<Against>,
    warnings: Vec<Against>,
}

impl<'a> PairFacts<'a> {
    /// Judges one method. `supported`: methods that the adapters at both ends offer; a restart
    /// needs no such offer.
    pub fn judge(&self, vm: &VirtualMachine, method: Method, supported: &[Method]) -> Assessment {
        let mut case = Case { facts: self, vm, method, against: Vec::new(), warnings: Vec::new() };
        if method != Method::Restart && !supported.contains(&method) {
            case.fact(RuleId::Supported, "no adapter at both ends offers it");
        }
        case.path();
        case.storage();
        let target = case.target();
        let bandwidth = case.bandwidth(target);
        let forecast = case.cost(bandwidth);
        let Case { against, warnings, .. } = case;
        Assessment { method, eligible: against.is_empty(), against, warnings, forecast }
    }
}

impl Case<'_, '_> {
    fn fact(&mut self, rule: RuleId, fact: impl Into<std::sync::Arc<str>>) {
        self.against.push(Against::fact(self.facts.rules, rule, fact));
    }

    fn number(&mut self, rule: RuleId, limit: f64, measured: f64) {
        self.against.push(Against::number(self.facts.rules, rule, limit, measured));
    }

    fn limit(&self, rule: RuleId) -> f64 {
        self.facts.rules.limit(rule).unwrap_or_default()
    }

    /// Refuses what is over a rule's number.
    fn at_most(&mut self, rule: RuleId, measured: f64) {
        let limit = self.limit(rule);
        if measured > limit || measured.is_nan() {
            self.number(rule, limit, measured);
        }
    }

    /// The VM itself and the way to the other side.
    fn path(&mut self) {
        let (from, to) = (&self.facts.from_site.site, &self.facts.to_site.site);
        let between = self.facts.between_sites();
        if self.method.is_live() && self.vm.power != Power::On {
            let power = if self.vm.power == Power::Off { "off" } else { "suspended" };
            self.fact(RuleId::Running, format!("the VM is {power}"));
        }
        match self.method {
            Method::StorageVMotion if between => {
                self.fact(
                    RuleId::Reaches,
                    format!("it would stay on its host at {from}, not at {to}"),
                );
            }
            Method::LongDistance
            | Method::LongDistanceActiveActive
            | Method::LongDistanceActivePassive
                if !between =>
            {
                self.fact(RuleId::OtherSite, format!("source and target are both at {from}"));
            }
            _ => {}
        }
        if self.method.is_live() && between && self.method != Method::StorageVMotion {
            self.link();
        }
    }

    fn link(&mut self) {
        let (from, to) = (&self.facts.from_site.site, &self.facts.to_site.site);
        match self.facts.link {
            None => self.fact(RuleId::LinkUp, format!("no link from {from} to {to} is measured")),
            Some(link) if !link.up => {
                self.fact(RuleId::LinkUp, format!("the link from {from} to {to} is down"));
            }
            Some(link) => {
                self.at_most(RuleId::LiveRtt, link.rtt_ms);
                if self.method == Method::LongDistanceActiveActive {
                    self.at_most(RuleId::StretchedRtt, link.rtt_ms);
                    let advised = self.limit(RuleId::StretchedRttWarn);
                    if link.rtt_ms > advised && link.rtt_ms <= self.limit(RuleId::StretchedRtt) {
                        self.warnings.push(Against::number(
                            self.facts.rules,
                            RuleId::StretchedRttWarn,
                            advised,
                            link.rtt_ms,
                        ));
                    }
                }
            }
        }
    }
}
