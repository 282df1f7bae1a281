//! Whether anything that was begun can still have an effect.
//!
//! An operation ends with its future, and a program with the operation that started it: it is killed. Three
//! things outlive that. A program that was killed may have sent what a monitor or a storage daemon is about to
//! do; both drop what comes from a client that is gone, within seconds. A program of an earlier life of the agent,
//! which was killed itself, goes on. Each carries a mark in its environment, by which it is found under `/proc`,
//! whatever its number. And what `rbd-mirror` was asked for goes on by its own time, which the state shows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::PoisonError;

use muster_plans::time::{Span, Time};

use crate::store::Ceph;

/// The name of the mark.
pub(crate) const MARK: &str = "MUSTER_CEPH";

/// How long the cluster may still do what a program has sent that was killed.
const SETTLE: Span = Span::secs(15);

/// Counts an operation as under way until it is dropped, also where whoever asked went away.
pub(crate) struct UnderWay<'a> {
    ceph: &'a Ceph,
    object: String,
}

impl Ceph {
    pub(crate) fn under_way(&self, object: String) -> UnderWay<'_> {
        let mut counts = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(object.clone()).or_default() += 1;
        UnderWay { ceph: self, object }
    }

    pub(crate) fn idle(&self, object: &str) -> bool {
        let counts = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = counts.contains_key(object);
        drop(counts);
        let cuts = [Some(self.opened), self.cli.cut_at(), self.peer_cut_at()];
        idle(busy, cuts, self.now()) && !strays(Path::new("/proc"), &self.mark)
    }
}

/// What the programs of one life of the agent carry.
pub(crate) fn mark(state: &Path, opened: Time) -> String {
    format!("{}#{}", state.display(), opened.0)
}

fn idle(busy: bool, cuts: [Option<Time>; 3], now: Time) -> bool {
    !busy && cuts.into_iter().flatten().all(|cut| now.since(cut) >= SETTLE)
}

/// Whether a program of an earlier life still runs. A process that cannot be looked at is another user's, and none
/// of ours.
fn strays(proc: &Path, own: &str) -> bool {
    let state = own.rsplit_once('#').map_or(own, |(state, _)| state);
    let prefix = format!("{MARK}={state}#");
    let own = format!("{MARK}={own}");
    let Ok(entries) = std::fs::read_dir(proc) else { return true };
    let stray = |word: &[u8]| word.starts_with(prefix.as_bytes()) && word != own.as_bytes();
    entries.filter_map(Result::ok).any(|entry| {
        std::fs::read(entry.path().join("environ"))
            .is_ok_and(|found| found.split(|byte| *byte == 0).any(stray))
    })
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut counts = self.ceph.under_way.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn what_was_cut_off_settles_first() {
        let now = Time(100_000);
        assert!(idle(false, [None; 3], now));
        assert!(!idle(true, [None; 3], now));
        assert!(!idle(false, [None, Some(Time(90_000)), None], now));
        assert!(idle(false, [Some(Time(0)), Some(Time(85_000)), None], now));
    }

    #[test]
    fn a_program_of_an_earlier_life_is_found_by_its_mark() {
        let dir = tempfile::tempdir().unwrap();
        let own = mark(Path::new("/state"), Time(5));
        assert!(!strays(dir.path(), &own));
        let environ = dir.path().join("17/environ");
        std::fs::create_dir(dir.path().join("17")).unwrap();
        std::fs::write(&environ, b"A=1\0MUSTER_CEPH=/state#4\0B=2\0").unwrap();
        assert!(strays(dir.path(), &own), "its agent was killed, and it goes on");
        assert!(!strays(dir.path(), &mark(Path::new("/stat"), Time(5))), "another adapter's");
        std::fs::write(&environ, b"MUSTER_CEPH=/state#5\0").unwrap();
        assert!(!strays(dir.path(), &own), "of this life");
        assert!(strays(&dir.path().join("none"), &own), "who cannot look must not say no");
    }

    #[test]
    fn an_object_is_busy_until_its_last_operation_ends() {
        let mut counts = BTreeMap::from([("group/shop".to_owned(), 2)]);
        release(&mut counts, "group/shop");
        assert_eq!(counts.len(), 1);
        release(&mut counts, "group/shop");
        release(&mut counts, "group/shop");
        assert!(counts.is_empty());
    }
}
