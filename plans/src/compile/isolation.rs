//! Proof that a failover does not depend on the site that it fails over from.

use std::fmt;

use crate::graph::{Graph, Needs, OnFailure, SiteIx, StepIx};
use crate::id::SiteName;

/// What was proved.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Isolation {
    /// Sites on which nothing depends.
    pub sites: Vec<SiteName>,
    /// Steps in the graph.
    pub steps: usize,
    /// Steps that are tried at these sites and whose failure is waived; none in a forced failover.
    pub tried: usize,
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sites: Vec<&str> = self.sites.iter().map(SiteName::as_str).collect();
        let sites = sites.join(", ");
        match self.tried {
            0 => write!(f, "isolation proved: none of {} steps runs at {sites}", self.steps),
            tried => write!(
                f,
                "isolation proved: of {} steps {tried} are tried at {sites}, and no step waits for \
                 the success of any of them",
                self.steps
            ),
        }
    }
}

/// Proves that no step waits for the success of a step at a site that VMs are failed over from, and
/// that the failure of such a step cannot stop the run; in a forced failover, that there is no such
/// step at all.
///
/// # Errors
/// The steps that contradict it.
pub fn isolation_proof(graph: &Graph) -> Result<Isolation, Vec<StepIx>> {
    let mut failed = vec![false; graph.sites.len()];
    for vm in &graph.vms {
        failed[vm.from.0 as usize] = true;
    }
    for group in &graph.groups {
        failed[group.from.0 as usize] = true;
    }
    let there = (0_u32..).zip(&graph.steps).filter(|(_, step)| failed[step.site.0 as usize]);
    let tried: Vec<StepIx> = there.map(|(ix, _)| ix).collect();
    let needed = |ix: &StepIx| {
        graph.forced
            || graph.step(*ix).on_failure == OnFailure::Policy
            || graph.edges.from(*ix).any(|edge| edge.needs == Needs::Success)
    };
    let against: Vec<StepIx> = tried.iter().copied().filter(needed).collect();
    if !against.is_empty() {
        return Err(against);
    }
    let is_failed = |ix: &u8| failed[*ix as usize];
    let sites = (0..graph.sites.len() as u8).filter(is_failed);
    let sites = sites.map(|ix| graph.site(SiteIx(ix)).clone()).collect();
    Ok(Isolation { sites, steps: graph.len(), tried: tried.len() })
}
