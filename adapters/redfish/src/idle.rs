//! Whether anything that was begun can still have an effect.
//!
//! An operation ends with its future, and `ipmitool` with the operation. What a BMC was told may land later: within
//! `landSeconds`, after which a host that stays on is given up, and nothing is waited for any more. What an earlier
//! life of the agent told is not remembered: its start counts as if something had been told at that moment.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use muster_plans::time::{Span, Time};

use crate::power::HostPower;

/// Counts an operation as under way until it is dropped, also where whoever asked went away.
pub(crate) struct UnderWay<'a> {
    power: &'a HostPower,
    object: String,
}

impl HostPower {
    pub(crate) fn under_way(&self, object: String) -> UnderWay<'_> {
        let mut counts = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(object.clone()).or_default() += 1;
        UnderWay { power: self, object }
    }

    pub(crate) fn idle(&self, object: &str) -> bool {
        let counts = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = counts.contains_key(object);
        drop(counts);
        let meant = self.hosts.iter().filter(|host| {
            let (host, site) = (format!("host/{}", host.id), format!("fence/{}", host.site));
            [host, site].iter().any(|name| name == object)
        });
        let told = meant.filter_map(|host| host.told_at()).chain([self.opened]);
        idle(busy, told, self.limits.land_span(), self.now())
    }
}

fn idle(busy: bool, told: impl IntoIterator<Item = Time>, land: Span, now: Time) -> bool {
    !busy && told.into_iter().all(|told| now.since(told) >= land)
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut counts = self.power.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        release(&mut counts, &self.object);
    }
}

fn release(counts: &mut BTreeMap<String, usize>, object: &str) {
    if let Some(count) = counts.get_mut(object) {
        *count -= 1;
        if *count == 0 {
            counts.remove(object);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_has_its_time_to_land() {
        let (land, now) = (Span::secs(30), Time(100_000));
        assert!(idle(false, [], land, now));
        assert!(!idle(true, [], land, now));
        assert!(idle(false, [Time(0), Time(70_000)], land, now));
        assert!(!idle(false, [Time(0), Time(70_001)], land, now));
    }

    #[test]
    fn an_object_is_busy_until_its_last_operation_ends() {
        let mut counts = BTreeMap::from([("fence/lyon".to_owned(), 2)]);
        release(&mut counts, "fence/lyon");
        assert_eq!(counts.len(), 1);
        release(&mut counts, "fence/lyon");
        assert!(counts.is_empty());
    }
}
