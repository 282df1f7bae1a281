//! Rules about the VM's volumes and their replicas.

use super::Case;
use crate::inventory::{ConsistencyGroup, ReplicaRole, ReplicationMode, VmObject, Volume};
use crate::mobility::{Against, Method, RuleId};

/// An object's volume at both sites.
struct Legs<'o, 'a> {
    object: &'o VmObject,
    from: &'a Volume,
    to: &'a Volume,
    source: &'a ConsistencyGroup,
    replica: &'a ConsistencyGroup,
}

impl<'a> Case<'_, 'a> {
    pub(super) fn storage(&mut self) {
        match self.method {
            Method::VMotion | Method::StorageVMotion => {}
            Method::XvMotion | Method::CrossManager | Method::LongDistance => self.copied(),
            Method::LongDistanceActiveActive => self.each_leg(RuleId::Stretched, Self::stretched),
            Method::LongDistanceActivePassive => self.each_leg(RuleId::Replica, Self::passive),
            Method::Restart => self.restartable(),
        }
    }

    /// Copies of replicated disks are new volumes.
    fn copied(&mut self) {
        let facts = self.facts;
        let replicated = self.vm.objects.iter().filter(|object| object.kind.is_bound()).find(|o| {
            facts.from.volumes.get(&o.volume).is_some_and(|volume| volume.group.is_some())
        });
        if let Some(object) = replicated {
            let words = format!(
                "{} replicates now; its copy at {} is a new volume that does not",
                object.label, facts.to_site.site
            );
            self.warnings.push(Against::fact(facts.rules, RuleId::Replicated, words));
        }
    }

    /// Finds both legs of each object, or says what is missing; then asks the method's own rule.
    fn each_leg(&mut self, rule: RuleId, check: fn(&mut Self, &Legs<'_, 'a>)) {
        let (facts, vm) = (self.facts, self.vm);
        let to = &facts.to_site.site;
        for object in vm.objects.iter().filter(|object| object.kind.is_bound()) {
            let label = &object.label;
            let Some(from) = facts.from.volumes.get(&object.volume).copied() else {
                let text = format!("volume {} of {label} is not known", object.volume);
                self.fact(RuleId::VolumeKnown, text);
                continue;
            };
            let source = facts.from.group_of(from).filter(|group| group.peer == *to);
            let Some(source) = source else {
                self.fact(rule, format!("{label} does not replicate to {to}"));
                continue;
            };
            let leg = facts.to.volumes.get(&object.volume).copied();
            let legs = leg.and_then(|leg| Some((leg, facts.to.group_of(leg)?)));
            let Some((to_leg, replica)) = legs else {
                self.fact(
                    RuleId::VolumeKnown,
                    format!("the replica of {label} is not known at {to}"),
                );
                continue;
            };
            check(self, &Legs { object, from, to: to_leg, source, replica });
        }
    }

    fn stretched(&mut self, legs: &Legs<'_, 'a>) {
        let label = &legs.object.label;
        if legs.source.mode != ReplicationMode::Stretched {
            self.fact(
                RuleId::Stretched,
                format!("{label} is on {} storage", mode(legs.source.mode)),
            );
            return;
        }
        if !(legs.source.in_sync && legs.replica.in_sync) {
            self.fact(RuleId::InSync, format!("the legs of {label} are not in sync"));
        }
        self.visible(legs);
    }

    fn visible(&mut self, legs: &Legs<'_, 'a>) {
        let facts = self.facts;
        let sides = [
            (facts.from.reaches(legs.from), &facts.from_site.site),
            (facts.to.reaches(legs.to), &facts.to_site.site),
        ];
        for (visible, site) in sides {
            if !visible {
                let text = format!("hosts at {site} do not reach {}", legs.object.label);
                self.fact(RuleId::Visible, text);
            }
        }
    }

    fn passive(&mut self, legs: &Legs<'_, 'a>) {
        let label = &legs.object.label;
        if legs.source.mode == ReplicationMode::Stretched {
            self.fact(RuleId::Replica, format!("{label} is on stretched storage"));
            return;
        }
        if legs.source.role != ReplicaRole::Source || !legs.source.writable {
            self.fact(RuleId::Source, format!("the leg of {label} is not the one that is written"));
        }
        if legs.replica.role != ReplicaRole::Target {
            self.fact(RuleId::Replica, format!("the other leg of {label} does not receive"));
        }
        if legs.source.mode == ReplicationMode::Sync {
            if !(legs.source.in_sync && legs.replica.in_sync) {
                self.fact(RuleId::InSync, format!("the legs of {label} are not in sync"));
            }
        } else {
            self.lag(legs);
        }
        self.visible(legs);
        if let Some(other) = self.facts.other_writer(&legs.source.id, self.vm.id) {
            let text = format!("{other} writes to {} too", legs.source.id);
            self.fact(RuleId::GroupAlone, text);
        }
    }

    fn lag(&mut self, legs: &Legs<'_, 'a>) {
        let Some(lag) = legs.replica.lag else {
            let text =
                format!("how far the replica of {} is behind is not known", legs.object.label);
            self.fact(RuleId::LagIntervals, text);
            return;
        };
        if let Some(interval) = legs.source.interval.filter(|interval| interval.0 > 0) {
            self.at_most(RuleId::LagIntervals, lag.0 as f64 / interval.0 as f64);
        }
    }

    /// A restart needs a leg of each needed object at the target, or storage that it sees already.
    fn restartable(&mut self) {
        let (facts, vm) = (self.facts, self.vm);
        let to = &facts.to_site.site;
        for object in vm.objects.iter().filter(|object| object.kind.is_needed()) {
            let known = facts.to.volumes.contains_key(&object.volume);
            let shared = facts.targets.iter().any(|c| c.containers.contains(&&object.container));
            if !known && !shared {
                self.fact(RuleId::Replicated, format!("{} has no replica at {to}", object.label));
            }
        }
    }
}

fn mode(mode: ReplicationMode) -> &'static str {
    match mode {
        ReplicationMode::Stretched => "stretched",
        ReplicationMode::Sync => "sync",
        ReplicationMode::Async => "async",
        ReplicationMode::Cdp => "cdp",
    }
}
