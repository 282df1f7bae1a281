//! Steps that are ready and wait for a resource.
//!
//! Steps with the same cost are interchangeable but for their rank, so they stand in one line, and
//! only the first of a line is ever tried. A line that does not fit waits at the first resource that
//! lacks units and is looked at again when units come free there. So the cost of a start does not
//! grow with the number of waiting steps.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::graph::{Graph, StepIx};

/// How urgent a step is: longest remaining path first, then the order in the graph.
pub(super) type Rank = (u64, Reverse<StepIx>);

/// The first of a line, and the line.
type Entry = (Rank, u32);

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is to be tried.
    Trying,
    /// It waits at this resource.
    Waiting(u32),
    /// It is empty.
    Idle,
}

/// A step that starts.
pub(super) struct Started {
    pub(super) step: StepIx,
    pub(super) cost: u32,
    /// The resource that its line waited for and that came free now.
    pub(super) after: Option<u32>,
}

/// Lines by cost, and who waits where.
pub(super) struct Queue<'g> {
    graph: &'g Graph,
    lines: Vec<BinaryHeap<Rank>>,
    place: Vec<Place>,
    /// Entries may be outdated: they count only where the line still stands there with that rank.
    waiting: Vec<BinaryHeap<Entry>>,
    /// With the resource that woke the line.
    trying: BinaryHeap<(Entry, Option<u32>)>,
    /// Lines that were tried in this pass and wait again.
    aside: Vec<(u32, Entry)>,
    free: Vec<u32>,
}

impl<'g> Queue<'g> {
    pub(super) fn new(graph: &'g Graph) -> Queue<'g> {
        Queue {
            graph,
            lines: vec![BinaryHeap::new(); graph.costs.len()],
            place: vec![Place::Idle; graph.costs.len()],
            waiting: vec![BinaryHeap::new(); graph.resources.len()],
            trying: BinaryHeap::new(),
            aside: Vec::new(),
            free: graph.resources.iter().map(|resource| resource.cap).collect(),
        }
    }

    /// A step is ready.
    pub(super) fn push(&mut self, rank: Rank, cost: u32) {
        let line = &mut self.lines[cost as usize];
        let leads = line.peek().is_none_or(|first| *first < rank);
        line.push(rank);
        if !leads {
            return;
        }
        match self.place[cost as usize] {
            // A new first one waits where its line waits: it needs the same units.
            Place::Waiting(resource) => self.waiting[resource as usize].push((rank, cost)),
            Place::Trying | Place::Idle => {
                self.place[cost as usize] = Place::Trying;
                self.trying.push(((rank, cost), None));
            }
        }
    }

    /// A step gives back what it held.
    pub(super) fn release(&mut self, cost: u32) {
        let graph = self.graph;
        for &(resource, units) in &graph.costs[cost as usize] {
            self.free[resource as usize] += self.needed(resource, units);
            self.wake(resource);
        }
    }

    /// The most urgent step that fits now; it holds its units from here on. `None` ends the pass.
    pub(super) fn start_next(&mut self) -> Option<Started> {
        while let Some(((rank, cost), after)) = self.trying.pop() {
            let started = self.attempt(rank, cost, after);
            // Whoever woke this line may have more units for the next one.
            if let Some(resource) = after.filter(|resource| self.free[*resource as usize] > 0) {
                self.wake(resource);
            }
            if started.is_some() {
                return started;
            }
        }
        for (resource, entry) in self.aside.drain(..) {
            self.waiting[resource as usize].push(entry);
        }
        None
    }

    fn attempt(&mut self, rank: Rank, cost: u32, after: Option<u32>) -> Option<Started> {
        let ix = cost as usize;
        let current = self.lines[ix].peek() == Some(&rank);
        if !current || self.place[ix] != Place::Trying {
            return None;
        }
        if let Some(lacking) = self.lacking(cost) {
            self.place[ix] = Place::Waiting(lacking);
            self.aside.push((lacking, (rank, cost)));
            return None;
        }
        let graph = self.graph;
        for &(resource, units) in &graph.costs[ix] {
            self.free[resource as usize] -= self.needed(resource, units);
        }
        self.lines[ix].pop();
        match self.lines[ix].peek() {
            Some(&next) => self.trying.push(((next, cost), after)),
            None => self.place[ix] = Place::Idle,
        }
        Some(Started { step: rank.1.0, cost, after })
    }

    /// The most urgent line that waits at a resource is tried again.
    fn wake(&mut self, resource: u32) {
        while let Some((rank, cost)) = self.waiting[resource as usize].pop() {
            let current = self.lines[cost as usize].peek() == Some(&rank);
            if current && self.place[cost as usize] == Place::Waiting(resource) {
                self.place[cost as usize] = Place::Trying;
                self.trying.push(((rank, cost), Some(resource)));
                return;
            }
        }
    }

    /// Units that a step holds. It cannot hold more than there are: one that asks for more than the
    /// cap runs alone.
    fn needed(&self, resource: u32, units: u32) -> u32 {
        units.min(self.graph.resources[resource as usize].cap)
    }

    fn lacking(&self, cost: u32) -> Option<u32> {
        let costs = self.graph.costs[cost as usize].iter();
        let mut lacks = costs.filter(|(resource, units)| {
            self.free[*resource as usize] < self.needed(*resource, *units)
        });
        lacks.next().map(|(resource, _)| *resource)
    }
}
