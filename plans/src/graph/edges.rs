//! Who waits for whom, as flat arrays.

use serde::{Deserialize, Serialize};

use super::StepIx;

/// What the later step needs of the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Success. Where it failed, the later step is blocked.
    Success,
    /// Only that it has come to an end: succeeded, failed, skipped or blocked. Barriers wait like
    /// this, because a VM that failed blocks only what depends on it.
    End,
}

/// An edge, seen from its earlier step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The later step.
    pub to: StepIx,
    /// What it needs.
    pub needs: Needs,
}

/// All edges, sorted by their earlier step. The highest bit of a target marks [`Needs::End`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edges {
    offsets: Vec<u32>,
    targets: Vec<u32>,
}

const END_BIT: u32 = 1 << 31;

impl Edges {
    /// Sorts edges into place. `steps` is the number of steps.
    pub(crate) fn new(steps: usize, edges: &[(StepIx, Edge)]) -> Edges {
        let mut offsets = vec![0_u32; steps + 1];
        for (from, _) in edges {
            offsets[*from as usize + 1] += 1;
        }
        for i in 0..steps {
            offsets[i + 1] += offsets[i];
        }
        let mut next = offsets.clone();
        let mut targets = vec![0_u32; edges.len()];
        for (from, edge) in edges {
            let place = &mut next[*from as usize];
            let bit = if edge.needs == Needs::End { END_BIT } else { 0 };
            targets[*place as usize] = edge.to | bit;
            *place += 1;
        }
        Edges { offsets, targets }
    }

    /// The edges that leave a step.
    pub fn from(&self, step: StepIx) -> impl DoubleEndedIterator<Item = Edge> + '_ {
        let (a, b) = (self.offsets[step as usize], self.offsets[step as usize + 1]);
        self.targets[a as usize..b as usize].iter().map(|target| Edge {
            to: target & !END_BIT,
            needs: if target & END_BIT == 0 { Needs::Success } else { Needs::End },
        })
    }

    /// How many edges there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether no step waits for another.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// For each step how many edges come in.
    pub fn in_degrees(&self) -> Vec<u32> {
        let mut degrees = vec![0_u32; self.offsets.len().saturating_sub(1)];
        for target in &self.targets {
            degrees[(target & !END_BIT) as usize] += 1;
        }
        degrees
    }

    /// Steps in an order in which each comes after everything that it waits for. Shorter than the
    /// number of steps where there is a cycle; a [`super::Graph`] never has one.
    pub fn topological(&self) -> Vec<StepIx> {
        let mut degrees = self.in_degrees();
        let mut order: Vec<StepIx> =
            (0..degrees.len() as u32).filter(|&ix| degrees[ix as usize] == 0).collect();
        let mut at = 0;
        while at < order.len() {
            let step = order[at];
            at += 1;
            for edge in self.from(step) {
                let degree = &mut degrees[edge.to as usize];
                *degree -= 1;
                if *degree == 0 {
                    order.push(edge.to);
                }
            }
        }
        order
    }
}
