//! What is in the volumes: who wrote what and when.
//!
//! A running VM writes one record at each tick to all its volumes of a consistency group; an
//! acknowledged record is part of a [`Segment`]. Segments lie on a [`Branch`]. A leg holds a
//! [`Line`]: a branch up to an instant. Replicas share the branch of their source and lie behind on
//! it; a promote forks a new branch off the point that was promoted. What a promote lost, and where
//! two legs diverged, is then a plain count of ticks.
//!
//! Nothing is stored per write, and nothing happens between two looks: [`Data::settle`] does the sum,
//! and any number of settles in between gives the same segments.

mod line;
mod stream;

use std::collections::BTreeMap;

use muster_plans::id::{SiteName, VmId};
use muster_plans::time::{Span, Time};
use serde::{Deserialize, Serialize};

pub(crate) use line::{Line, Upto};
pub(crate) use stream::Stream;

/// Acknowledged records of one author, at every tick from `from` to `to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) vm: VmId,
    /// Where the instance that wrote it ran.
    pub(crate) site: SiteName,
    /// Of the leg that acknowledged it.
    pub(crate) generation: u64,
    pub(crate) from_seq: u64,
    pub(crate) to_seq: u64,
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) every: Span,
}

impl Segment {
    /// Records after an instant.
    fn after(&self, at: Time) -> u64 {
        if at < self.from {
            self.to_seq - self.from_seq + 1
        } else {
            self.to.since(at).0.div_ceil(self.every.0).min(self.to_seq - self.from_seq + 1)
        }
    }
}

/// Where a branch left another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fork {
    pub(crate) branch: usize,
    pub(crate) at: Time,
}

/// One history of a group's data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Branch {
    pub(crate) parent: Option<Fork>,
    pub(crate) segments: Vec<Segment>,
    /// Since when another branch is the production one. Whatever is acknowledged here later is
    /// divergence.
    pub(crate) superseded: Option<Time>,
    /// Records acknowledged after that, and when the first one was.
    pub(crate) diverged: u64,
    pub(crate) diverged_since: Option<Time>,
}

/// The data of one consistency group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Data {
    pub(crate) branches: Vec<Branch>,
    pub(crate) streams: Vec<Stream>,
    /// The next record number of each VM at each site.
    pub(crate) seqs: BTreeMap<VmId, BTreeMap<SiteName, u64>>,
    /// Up to when everything is accounted for.
    pub(crate) settled: Time,
}

/// The line a site's instances write to, with the generation of its leg.
pub(crate) type Target<'a> = (&'a SiteName, usize, u64);

impl Data {
    pub(crate) fn new(at: Time) -> Data {
        Data {
            branches: vec![Branch::default()],
            streams: Vec::new(),
            seqs: BTreeMap::new(),
            settled: at,
        }
    }

    /// Accounts for everything up to `now`. `targets` are the legs that acknowledge writes.
    pub(crate) fn settle(&mut self, now: Time, targets: &[Target<'_>]) {
        if now <= self.settled {
            return;
        }
        let mut streams = std::mem::take(&mut self.streams);
        for stream in &mut streams {
            let Some((first, last)) = stream.ticks(self.settled, now) else { continue };
            let target = targets.iter().find(|(site, ..)| **site == stream.site);
            let Some((_, branch, generation)) = target else { continue };
            self.append(stream, *branch, *generation, first, last);
            stream.acked += (last.0.abs_diff(first.0)) / stream.every.0 + 1;
        }
        self.streams = streams;
        self.settled = now;
    }

    fn append(&mut self, stream: &Stream, branch: usize, generation: u64, from: Time, to: Time) {
        let count = to.since(from).0 / stream.every.0 + 1;
        let seqs = self.seqs.entry(stream.vm).or_default();
        let seq = seqs.entry(stream.site.clone()).or_default();
        let (from_seq, to_seq) = (*seq, *seq + count - 1);
        *seq += count;
        let Some(branch) = self.branches.get_mut(branch) else { return };
        if let Some(since) = branch.superseded {
            branch.note_divergence(since, from, to, stream.every);
        }
        let mut last = branch.segments.iter_mut().rev();
        if let Some(last) = last.find(|s| s.vm == stream.vm && s.site == stream.site)
            && last.generation == generation
            && last.every == stream.every
            && last.to_seq + 1 == from_seq
            && last.to + last.every == from
        {
            last.to = to;
            last.to_seq = to_seq;
            return;
        }
        let (vm, site, every) = (stream.vm, stream.site.clone(), stream.every);
        // Sorted, so that the order does not tell how often somebody looked.
        let place =
            branch.segments.partition_point(|s| (s.from, s.vm, &s.site) < (from, vm, &site));
        let segment = Segment { vm, site, generation, from_seq, to_seq, from, to, every };
        branch.segments.insert(place, segment);
    }

    /// A new branch off `parent`, which from now on is not the production one any more.
    pub(crate) fn fork(&mut self, parent: usize, at: Time, now: Time) -> usize {
        if let Some(old) = self.branches.get_mut(parent) {
            old.superseded.get_or_insert(now);
        }
        self.branches
            .push(Branch { parent: Some(Fork { branch: parent, at }), ..Branch::default() });
        self.branches.len() - 1
    }

    /// Every record that was ever acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.branches.iter().flat_map(|b| &b.segments).map(|s| s.to_seq - s.from_seq + 1).sum()
    }

    /// When something on this line was written last.
    pub(crate) fn last_write(&self, line: &Line) -> Option<Time> {
        self.lineage(line)
            .into_iter()
            .flat_map(|(branch, upto)| {
                self.branches[branch].segments.iter().filter_map(move |s| s.last_until(upto))
            })
            .max()
    }
}

impl Segment {
    fn last_until(&self, upto: Time) -> Option<Time> {
        if upto < self.from {
            return None;
        }
        if upto >= self.to {
            return Some(self.to);
        }
        Some(self.from + Span(upto.since(self.from).0 / self.every.0 * self.every.0))
    }
}

impl Branch {
    fn note_divergence(&mut self, since: Time, from: Time, to: Time, every: Span) {
        let first = if from > since {
            from
        } else {
            from + Span((since.since(from).0 / every.0 + 1) * every.0)
        };
        if first <= to {
            self.diverged += to.since(first).0 / every.0 + 1;
            self.diverged_since = Some(self.diverged_since.map_or(first, |t| t.min(first)));
        }
    }
}
