//! What a move takes: time, downtime, bytes.

use super::Case;
use crate::mobility::facts::HostClass;
use crate::mobility::precopy::{MIB, PreCopy, mib_per_s, millis, usable_mbps};
use crate::mobility::{Forecast, Method, RuleId};
use crate::time::Span;

impl Case<'_, '_> {
    /// Size of home and disks, in MiB.
    pub(super) fn disks_mib(&self) -> u64 {
        self.vm.objects.iter().filter(|object| object.kind.is_needed()).map(|o| o.size_mib).sum()
    }

    /// Megabits per second of the slowest part of the way: both hosts' migration networks and,
    /// between sites, the link without what it loses. Refuses what is too slow for a live move.
    pub(super) fn bandwidth(&mut self, target: Option<&HostClass<'_>>) -> Option<f64> {
        if !self.method.is_live() {
            return None;
        }
        let between = self.facts.between_sites();
        let own = self.facts.host_of(self.vm).map(|host| f64::from(host.migration_mbps))?;
        let other = target.map_or(own, |class| f64::from(class.migration_mbps));
        let link = self.facts.link.filter(|link| link.up && between).map(usable_mbps);
        let mbps = match link {
            None if between => return None,
            link => own.min(other).min(link.unwrap_or(f64::INFINITY)),
        };
        let needed = self.limit(RuleId::LiveBandwidth);
        if self.method.copies_memory() && mbps < needed {
            self.number(RuleId::LiveBandwidth, needed, mbps);
        }
        Some(mbps)
    }

    /// What the move takes; refuses a copy of memory that would never end.
    pub(super) fn cost(&mut self, mbps: Option<f64>) -> Option<Forecast> {
        if self.method == Method::Restart {
            let downtime = self.span(RuleId::ShutdownTime) + self.span(RuleId::BootTime);
            return Some(Forecast { duration: downtime, downtime, link_bytes: 0 });
        }
        let bandwidth = mib_per_s(mbps?);
        let elsewhere = [RuleId::Reaches, RuleId::OtherSite];
        let never = self.against.iter().any(|against| elsewhere.contains(&against.rule));
        if never || bandwidth <= 0.0 {
            return None;
        }
        let mut forecast = self.disk_cost(bandwidth);
        if self.method.copies_memory() {
            let memory = self.memory_cost(bandwidth)?;
            forecast.duration += memory.running + memory.stopped;
            forecast.downtime += memory.stopped + millis(self.rtt_ms() / 1000.0);
            forecast.link_bytes += memory.bytes;
        }
        if self.method == Method::LongDistanceActivePassive {
            let flip = self.span(RuleId::FlipTime);
            forecast.duration += flip;
            forecast.downtime += flip;
        }
        if !self.facts.between_sites() {
            forecast.link_bytes = 0;
        }
        Some(forecast)
    }

    fn disk_cost(&self, bandwidth: f64) -> Forecast {
        if !self.method.copies_disks() {
            return Forecast::default();
        }
        let mib = self.disks_mib() as f64;
        Forecast {
            duration: millis(mib / bandwidth),
            downtime: Span::ZERO,
            link_bytes: (mib * MIB) as u64,
        }
    }

    fn memory_cost(&mut self, bandwidth: f64) -> Option<PreCopy> {
        let dirty = f64::from(self.vm.dirty_mib_s);
        let model = PreCopy::model(
            f64::from(self.vm.memory_mib),
            dirty,
            bandwidth,
            self.limit(RuleId::SwitchOver) / 1000.0,
            self.limit(RuleId::PreCopyRounds).max(1.0) as u32,
        );
        if model.is_none() {
            self.number(RuleId::DirtyRate, bandwidth, dirty);
        }
        model
    }

    /// Round trip between the sites; none inside a site.
    fn rtt_ms(&self) -> f64 {
        let link = self.facts.link.filter(|_| self.facts.between_sites());
        link.map_or(0.0, |link| link.rtt_ms)
    }

    fn span(&self, rule: RuleId) -> Span {
        millis(self.limit(rule) / 1000.0)
    }
}
