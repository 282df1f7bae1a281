//! What really happened. Adapters never see it.

use std::collections::BTreeMap;

use muster_contract::{Mode, OpId};
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};
use muster_plans::inventory::{NetworkRole, Power};
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

use crate::world::{Registration, World};

/// Which promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViolationKind {
    /// Two legs of a group took production writes at a time without being in sync.
    SecondWriter,
    /// Writes were acknowledged on a history that another promote had already replaced.
    Diverged,
    /// One VM ran in production at two sites.
    TwoInstances,
    /// A planned run lost acknowledged writes.
    PlannedLoss,
    /// A test copy ran with a card on a network that is not for tests.
    TestLeak,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Violation {
    /// When.
    pub at: Time,
    /// Which.
    pub kind: ViolationKind,
    /// What exactly, for people.
    pub what: String,
}

/// Acknowledged writes that a promote left behind. In an unplanned failover from an older point this
/// is the expected loss; in a planned run it is a violation as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// When it was promoted.
    pub at: Time,
    /// The group.
    pub group: ConsistencyGroupId,
    /// The site that was promoted.
    pub site: SiteName,
    /// The operation.
    pub op: OpId,
    /// The point that was promoted.
    pub point: RecoveryPointId,
    /// What kind of run.
    pub mode: Mode,
    /// How many records.
    pub records: u64,
}

/// Writes on a history that was already replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    /// The group.
    pub group: ConsistencyGroupId,
    /// When the first one was acknowledged.
    pub since: Time,
    /// How many records so far.
    pub records: u64,
}

/// Writes that a reverse discarded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Discard {
    /// When.
    pub at: Time,
    /// The group.
    pub group: ConsistencyGroupId,
    /// The leg that was overwritten.
    pub site: SiteName,
    /// How many records only that leg held.
    pub records: u64,
}

/// A snapshot of a leg, made before its data was discarded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub at: Time,
    /// The group.
    pub group: ConsistencyGroupId,
    /// The leg.
    pub site: SiteName,
    /// The instant of the data that it holds.
    pub holds: Time,
}

/// The part of the truth that is written down as it happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Notes {
    pub(crate) lost: Vec<Loss>,
    pub(crate) discarded: Vec<Discard>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) frames_leaked: u64,
}

impl Notes {
    pub(crate) fn violation(&mut self, at: Time, kind: ViolationKind, what: String) {
        self.violations.push(Violation { at, kind, what });
    }
}

/// Everything that really happened so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Truth {
    /// The instant it is about.
    pub at: Time,
    /// Records that were ever acknowledged.
    pub acknowledged: u64,
    /// Records that promotes left behind.
    pub lost: Vec<Loss>,
    /// Records on replaced histories.
    pub diverged: Vec<Divergence>,
    /// Records that reverses discarded.
    pub discarded: Vec<Discard>,
    /// Snapshots made before that.
    pub snapshots: Vec<Snapshot>,
    /// Where each group takes production writes at this moment.
    pub writers: BTreeMap<ConsistencyGroupId, Vec<SiteName>>,
    /// How often each operation had its effect: once, unless a fault doubled it.
    pub effects: BTreeMap<OpId, u32>,
    /// What tests left, as `site: object`.
    pub leftovers: Vec<String>,
    /// How often a test copy got onto a network that is not for tests.
    pub frames_leaked: u64,
    /// Broken promises, in order of time.
    pub violations: Vec<Violation>,
}

impl World {
    /// What really happened.
    pub fn truth(&mut self) -> Truth {
        self.settle_all();
        let notes = self.notes.clone();
        let diverged = self.divergences();
        let mut violations = notes.violations;
        violations.extend(diverged.iter().map(|one| Violation {
            at: one.since,
            kind: ViolationKind::Diverged,
            what: format!("{} took writes after its history was replaced", one.group),
        }));
        violations.sort();
        Truth {
            at: self.now,
            acknowledged: self.groups.values().map(|group| group.data.acknowledged()).sum(),
            lost: notes.lost,
            diverged,
            discarded: notes.discarded,
            snapshots: notes.snapshots,
            writers: self.writers(),
            effects: self.effects(),
            leftovers: self.all_leftovers(),
            frames_leaked: notes.frames_leaked,
            violations,
        }
    }

    fn divergences(&self) -> Vec<Divergence> {
        let branches =
            self.groups.iter().flat_map(|(id, g)| g.data.branches.iter().map(move |b| (id, b)));
        let diverged = branches.filter_map(|(id, branch)| {
            let since = branch.diverged_since?;
            Some(Divergence { group: id.clone(), since, records: branch.diverged })
        });
        diverged.collect()
    }

    fn writers(&self) -> BTreeMap<ConsistencyGroupId, Vec<SiteName>> {
        let writers = self.groups.iter().map(|(id, group)| {
            let legs = group.legs.iter().filter(|leg| leg.serving);
            (id.clone(), legs.map(|leg| leg.site.clone()).collect())
        });
        writers.collect()
    }

    fn effects(&self) -> BTreeMap<OpId, u32> {
        let mut effects = BTreeMap::new();
        for site in self.sites.values() {
            for (op, count) in site.ledger.effects() {
                *effects.entry(op).or_default() += count;
            }
        }
        effects
    }

    fn all_leftovers(&self) -> Vec<String> {
        let sites = self.sites.iter();
        let all = sites.flat_map(|(name, site)| {
            site.leftovers(None).into_iter().map(move |object| format!("{name}: {object}"))
        });
        all.collect()
    }

    /// Looks at an instance that was just started, connected or moved.
    pub(crate) fn watch_instance(&mut self, site: &SiteName, key: &str) {
        let Some(instance) = self.instance(site, key).filter(|i| i.power == Power::On) else {
            return;
        };
        let (vm, tag) = (instance.vm, instance.tag.clone());
        if tag.is_some() {
            if self.leaks(site, instance) {
                self.notes.frames_leaked += 1;
                let what = format!("the test copy {key} at {site} is on a production network");
                self.notes.violation(self.now, ViolationKind::TestLeak, what);
            }
            return;
        }
        let other = self.sites.iter().find(|(name, other)| {
            *name != site && other.instances.get(key).is_some_and(|i| i.power == Power::On)
        });
        if let Some((other, _)) = other {
            let what = format!("VM {vm} runs at {site} and at {other}");
            self.notes.violation(self.now, ViolationKind::TwoInstances, what);
        }
    }

    fn leaks(&self, site: &SiteName, instance: &Registration) -> bool {
        let networks = self.sites.get(site).map(|site| &site.networks);
        instance.cards.iter().filter_map(|card| card.network.as_ref()).any(|name| {
            networks
                .and_then(|networks| networks.get(name))
                .is_some_and(|network| network.role != NetworkRole::Test)
        })
    }
}
