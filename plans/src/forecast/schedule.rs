//! Plays a graph through.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::queue::{Queue, Rank};
use crate::graph::{Graph, StepIx};

/// What a step waited for last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nothing: it starts with the run.
    Nothing,
    /// This step had to end first.
    Step(StepIx),
    /// This resource was in use until this step set it free.
    Resource(u32, StepIx),
}

/// When each step runs, in milliseconds from the start of the run, by step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// When everything that the step waits for by an edge has ended.
    pub ready: Vec<u64>,
    /// When it starts.
    pub start: Vec<u64>,
    /// When it ends.
    pub end: Vec<u64>,
    /// What it waited for last.
    pub hold: Vec<Hold>,
}

/// Plays a graph through as the executor would: whenever something ends, the ready steps with the
/// longest remaining path start first, as far as the caps let them. A step that does not fit does not
/// hold up a smaller one behind it. `durations`: milliseconds by step.
pub fn schedule(graph: &Graph, durations: &[u64]) -> Schedule {
    let mut play = Play::new(graph, durations);
    play.start();
    while play.advance() {}
    play.schedule
}

struct Play<'g> {
    graph: &'g Graph,
    durations: &'g [u64],
    remaining: Vec<u64>,
    waits_for: Vec<u32>,
    /// Steps under way, by their end, with what they hold.
    under_way: BinaryHeap<Reverse<(u64, StepIx, u32)>>,
    queue: Queue<'g>,
    /// The step that set each resource free last.
    freed_by: Vec<StepIx>,
    schedule: Schedule,
}

impl<'g> Play<'g> {
    fn new(graph: &'g Graph, durations: &'g [u64]) -> Play<'g> {
        let steps = graph.len();
        Play {
            graph,
            durations,
            remaining: graph.remaining_path(),
            waits_for: graph.edges.in_degrees(),
            under_way: BinaryHeap::new(),
            queue: Queue::new(graph),
            freed_by: vec![0; graph.resources.len()],
            schedule: Schedule {
                ready: vec![0; steps],
                start: vec![0; steps],
                end: vec![0; steps],
                hold: vec![Hold::Nothing; steps],
            },
        }
    }

    fn start(&mut self) {
        for step in 0..self.graph.len() as StepIx {
            if self.waits_for[step as usize] == 0 {
                self.ready(step, 0, Hold::Nothing);
            }
        }
        self.start_all(0);
    }

    /// A step of which nothing is awaited any more. One that takes no time holds nothing either.
    fn ready(&mut self, step: StepIx, now: u64, hold: Hold) {
        let ix = step as usize;
        self.schedule.ready[ix] = now;
        self.schedule.hold[ix] = hold;
        if self.durations[ix] == 0 {
            self.schedule.start[ix] = now;
            self.schedule.end[ix] = now;
            self.under_way.push(Reverse((now, step, 0)));
            return;
        }
        let rank: Rank = (self.remaining[ix], Reverse(step));
        self.queue.push(rank, self.graph.steps[ix].cost);
    }

    /// Ends everything that ends next, then starts what can start. `false`: nothing is under way.
    fn advance(&mut self) -> bool {
        let Some(&Reverse((now, ..))) = self.under_way.peek() else { return false };
        while let Some(&Reverse((end, step, cost))) = self.under_way.peek() {
            if end > now {
                break;
            }
            self.under_way.pop();
            self.finish(step, cost, now);
        }
        self.start_all(now);
        true
    }

    fn finish(&mut self, step: StepIx, cost: u32, now: u64) {
        let graph = self.graph;
        if self.durations[step as usize] > 0 {
            for (resource, _) in &graph.costs[cost as usize] {
                self.freed_by[*resource as usize] = step;
            }
            self.queue.release(cost);
        }
        for edge in graph.edges.from(step) {
            let waits_for = &mut self.waits_for[edge.to as usize];
            *waits_for -= 1;
            if *waits_for == 0 {
                self.ready(edge.to, now, Hold::Step(step));
            }
        }
    }

    fn start_all(&mut self, now: u64) {
        while let Some(started) = self.queue.start_next() {
            let ix = started.step as usize;
            let end = now + self.durations[ix];
            self.schedule.start[ix] = now;
            self.schedule.end[ix] = end;
            if let Some(resource) = started.after
                && self.schedule.ready[ix] < now
            {
                let by = self.freed_by[resource as usize];
                self.schedule.hold[ix] = Hold::Resource(resource, by);
            }
            self.under_way.push(Reverse((end, started.step, started.cost)));
        }
    }
}

impl Schedule {
    /// When the last step ends.
    pub fn makespan(&self) -> u64 {
        self.end.iter().copied().max().unwrap_or(0)
    }

    /// The chain without gaps that ends last, from its first step, and the resource that its steps
    /// waited for longest.
    pub(super) fn critical_path(&self, resources: usize) -> (Vec<StepIx>, Option<u32>) {
        let mut waited = vec![0_u64; resources];
        let last = (0..self.end.len()).max_by_key(|&ix| (self.end[ix], Reverse(ix)));
        let mut path = Vec::new();
        let mut at = last.map(|ix| ix as StepIx);
        while let Some(step) = at {
            path.push(step);
            let ix = step as usize;
            at = match self.hold[ix] {
                Hold::Nothing => None,
                Hold::Step(before) => Some(before),
                Hold::Resource(resource, before) => {
                    waited[resource as usize] += self.start[ix] - self.ready[ix];
                    Some(before)
                }
            };
        }
        path.reverse();
        let longest = waited.iter().zip(0_u32..).max_by_key(|(wait, ix)| (**wait, Reverse(*ix)));
        let binding = longest.filter(|(wait, _)| **wait > 0).map(|(_, ix)| ix);
        (path, binding)
    }
}
