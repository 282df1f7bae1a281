//! Puts a graph together and proves that it has no cycle.

use std::collections::HashMap;

use super::{
    Action, Cost, Edge, Edges, Graph, Needs, OnFailure, Phase, Resource, SiteIx, Step, StepIx,
};

/// The steps wait for each other in a circle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("steps wait for each other in a circle: {0:?}")]
pub struct CycleError(pub Vec<StepIx>);

/// Collects steps and edges; [`GraphBuilder::finish`] sorts the edges into a [`Graph`].
#[derive(Debug)]
pub struct GraphBuilder {
    /// The tables of the graph that is being built; fill them directly.
    pub graph: Graph,
    edges: Vec<(StepIx, Edge)>,
    costs: HashMap<Cost, u32>,
}

impl GraphBuilder {
    /// Starts from a graph whose tables may be filled and whose steps are empty.
    pub fn new(mut graph: Graph) -> GraphBuilder {
        graph.costs = vec![Vec::new()];
        GraphBuilder { graph, edges: Vec::new(), costs: HashMap::from([(Vec::new(), 0)]) }
    }

    /// Adds a phase and gives its index.
    pub fn phase(&mut self, name: impl Into<String>) -> u16 {
        self.graph.phases.push(Phase { name: name.into() });
        u16::try_from(self.graph.phases.len() - 1).unwrap_or(u16::MAX)
    }

    /// Adds something limited and gives its index.
    pub fn resource(&mut self, name: impl Into<String>, cap: u32) -> u32 {
        self.graph.resources.push(Resource { name: name.into(), cap });
        (self.graph.resources.len() - 1) as u32
    }

    /// The index of a cost vector; equal vectors share one.
    pub fn cost(&mut self, cost: Cost) -> u32 {
        if let Some(&ix) = self.costs.get(&cost) {
            return ix;
        }
        let ix = self.graph.costs.len() as u32;
        self.graph.costs.push(cost.clone());
        self.costs.insert(cost, ix);
        ix
    }

    /// Adds a step and gives its index.
    pub fn step(&mut self, step: Step) -> StepIx {
        self.graph.steps.push(step);
        (self.graph.steps.len() - 1) as StepIx
    }

    /// Adds a barrier in a phase: n + m edges through one node where all-to-all would need n x m.
    pub fn barrier(&mut self, phase: u16, site: SiteIx) -> StepIx {
        self.step(Step {
            action: Action::Barrier,
            phase,
            site,
            on_failure: OnFailure::Policy,
            cost: 0,
            timeout_ms: 0,
            estimate_ms: 0,
            unless: None,
        })
    }

    /// Makes `later` wait for `earlier`.
    pub fn edge(&mut self, earlier: StepIx, later: StepIx, needs: Needs) {
        self.edges.push((earlier, Edge { to: later, needs }));
    }

    /// How many steps there are so far.
    pub fn len(&self) -> usize {
        self.graph.steps.len()
    }

    /// Whether no step was added yet.
    pub fn is_empty(&self) -> bool {
        self.graph.steps.is_empty()
    }

    /// Sorts the edges into place.
    ///
    /// # Errors
    /// [`CycleError`] with the steps that wait for each other.
    pub fn finish(mut self) -> Result<Graph, CycleError> {
        self.graph.edges = Edges::new(self.graph.steps.len(), &self.edges);
        let order = self.graph.edges.topological();
        if order.len() < self.graph.steps.len() {
            let mut done = vec![false; self.graph.steps.len()];
            for ix in order {
                done[ix as usize] = true;
            }
            let stuck = (0..done.len() as u32).filter(|&ix| !done[ix as usize]).collect();
            return Err(CycleError(stuck));
        }
        Ok(self.graph)
    }
}
