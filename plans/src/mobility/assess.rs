//! All methods for one VM, and the choice among them.

use serde::Serialize;

use super::{Against, Method, PairFacts, Rules};
use crate::inventory::{Link, SiteInventory, VirtualMachine};
use crate::time::Span;

/// What a move costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// From start to end.
    pub duration: Span,
    /// How long the VM does not run.
    pub downtime: Span,
    /// What the link between the sites carries for it, in bytes; replication not counted.
    pub link_bytes: u64,
}

/// One method for one VM.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// The method.
    pub method: Method,
    /// Whether nothing is against it.
    pub eligible: bool,
    /// Broken rules.
    pub against: Vec<Against>,
    /// What should be known although it does not forbid the move.
    pub warnings: Vec<Against>,
    /// What it would cost. `None` where that cannot be said: the line is not measured, or the copy
    /// would never end. Always there for an eligible method.
    pub forecast: Option<Forecast>,
}

/// How a VM moves, and what was preferred in vain.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// The method.
    pub method: Method,
    /// What it costs.
    pub forecast: Option<Forecast>,
    /// Preferred methods that came before it and are not eligible, with what is against each.
    pub refused: Vec<(Method, Vec<Against>)>,
}

/// All eight methods for one VM. Where many VMs of a site pair are assessed, make the
/// [`PairFacts`] once and ask [`PairFacts::assess`].
pub fn assess(
    vm: &VirtualMachine,
    from: &SiteInventory,
    to: &SiteInventory,
    link: Option<&Link>,
    rules: &Rules,
    supported: &[Method],
) -> Vec<Assessment> {
    PairFacts::new(from, to, link, rules).assess(vm, supported)
}

/// The first preferred method that is eligible, else [`Method::Restart`].
pub fn choose(assessments: &[Assessment], prefer: &[Method]) -> Method {
    let eligible = |method: &&Method| {
        assessments.iter().any(|assessment| assessment.method == **method && assessment.eligible)
    };
    prefer.iter().find(eligible).copied().unwrap_or(Method::Restart)
}

impl PairFacts<'_> {
    /// All eight methods for one VM.
    pub fn assess(&self, vm: &VirtualMachine, supported: &[Method]) -> Vec<Assessment> {
        Method::ALL.into_iter().map(|method| self.judge(vm, method, supported)).collect()
    }

    /// The same choice as [`choose`], looking at no more methods than needed.
    pub fn choose(&self, vm: &VirtualMachine, prefer: &[Method], supported: &[Method]) -> Choice {
        let mut refused = Vec::new();
        for &method in prefer {
            let assessment = self.judge(vm, method, supported);
            if assessment.eligible {
                return Choice { method, forecast: assessment.forecast, refused };
            }
            refused.push((method, assessment.against));
        }
        let forecast = self.judge(vm, Method::Restart, supported).forecast;
        Choice { method: Method::Restart, forecast, refused }
    }
}
