//! What a recovery cost, from what was acknowledged at each site and what the surviving disk holds.
//!
//! Every boot of a guest has an id, so that two writers of one disk can be told apart; the same number
//! acknowledged twice alone is no second writer, but a record that was lost and written again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::record::{Record, SLOTS};

/// Clocks of two guests agree this well.
const AGREE_US: i64 = 20_000;

/// What is known of a VM.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What each site's hypervisor was told, in the order in which it was told.
    pub acknowledged: Vec<(String, Vec<Record>)>,
    /// The surviving disk, if there is an image of it: its header, and its ring.
    pub disk: Option<(Option<Record>, Vec<Record>)>,
}

/// An acknowledged record and where it was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct At {
    /// The site.
    pub site: String,
    /// The record.
    #[serde(flatten)]
    pub record: Record,
}

/// What became of a VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Its name.
    pub vm: String,
    /// The last record acknowledged before the disaster, or before the last boot if there was none.
    pub last_before: Option<At>,
    /// The first one acknowledged by the boot that took over; or by the same boot, if none did.
    pub first_after: Option<At>,
    /// Between the two, in milliseconds.
    pub downtime_ms: Option<i64>,
    /// The longest time without an acknowledged record from `last_before` on, in milliseconds; of a VM that was
    /// moved alive this is its downtime.
    pub longest_gap_ms: i64,
    /// Records acknowledged before the disaster that the boot that took over did not find.
    pub lost: usize,
    /// Acknowledged records that should be on the surviving disk, and are not; `None`: there is no image.
    pub not_on_disk: Option<usize>,
    /// Records that the old boot acknowledged after the disaster.
    pub late: usize,
    /// Numbers acknowledged by two boots.
    pub twice: usize,
    /// For how long two boots acknowledged at the same time, in milliseconds.
    pub overlap_ms: i64,
    /// Boots in the order in which they began.
    pub boots: Vec<Boot>,
}

/// A boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Boot {
    /// Its id.
    pub id: String,
    /// Where it was, in this order: more than one site after a live migration.
    pub sites: Vec<String>,
    /// Its first record.
    pub first: Record,
    /// Its last record.
    pub last: Record,
}

impl Verdict {
    /// Whether two boots wrote at the same time.
    pub fn two_writers(&self) -> bool {
        self.overlap_ms > 0
    }
}

/// Judges a VM. `cut_us` is when its site failed: nothing counts that the site acknowledged later. Without it
/// everything counts until the last boot, as when a VM was moved on purpose.
pub fn judge(vm: &str, known: &Known, cut_us: Option<i64>) -> Verdict {
    let mut all: Vec<At> = Vec::new();
    for (site, records) in &known.acknowledged {
        all.extend(records.iter().map(|r| At { site: site.clone(), record: r.clone() }));
    }
    all.sort_by_key(|at| (at.record.wall_us, at.record.n));
    let boots = boots(&all);
    let began = |boot: &Boot| boot.first.wall_us;
    let survivor = match cut_us {
        Some(cut) => boots.iter().find(|boot| began(boot) >= cut),
        None => boots.last().filter(|_| boots.len() > 1),
    };
    let cut = cut_us.or_else(|| survivor.map(began)).unwrap_or(i64::MAX);
    let old = |at: &&At| survivor.is_none_or(|boot| at.record.boot != boot.id);
    let before = |at: &&At| at.record.wall_us < cut;
    let last_before = all.iter().filter(old).rfind(before).cloned();
    let first_after = match survivor {
        Some(boot) => all.iter().find(|at| at.record.boot == boot.id),
        None => all.iter().find(|at| !before(at)),
    };
    let found = survivor.map_or(u64::MAX, |boot| boot.first.n - 1);
    let numbers = |some: &dyn Fn(&&At) -> bool| -> BTreeSet<u64> {
        all.iter().filter(some).map(|at| at.record.n).collect()
    };
    Verdict {
        vm: vm.to_owned(),
        downtime_ms: last_before
            .as_ref()
            .zip(first_after)
            .map(|(last, first)| (first.record.wall_us - last.record.wall_us) / 1000),
        longest_gap_ms: longest_gap(
            last_before
                .iter()
                .chain(all.iter().filter(|at| !before(at) && (survivor.is_none() || !old(at)))),
        ),
        lost: numbers(&|at| old(at) && before(at) && at.record.n > found).len(),
        not_on_disk: known.disk.as_ref().map(|disk| {
            let counts = |at: &&At| !old(at) || at.record.n <= found && before(at);
            missing(all.iter().filter(counts), survivor, disk)
        }),
        late: survivor.map_or(0, |_| all.iter().filter(old).filter(|at| !before(at)).count()),
        twice: twice(&all),
        overlap_ms: overlap(&boots),
        first_after: first_after.cloned(),
        last_before,
        boots,
    }
}

fn boots(all: &[At]) -> Vec<Boot> {
    let mut boots: Vec<Boot> = Vec::new();
    for At { site, record } in all {
        match boots.iter_mut().find(|boot| boot.id == record.boot) {
            Some(boot) => {
                boot.last = record.clone();
                if !boot.sites.contains(site) {
                    boot.sites.push(site.clone());
                }
            }
            None => boots.push(Boot {
                id: record.boot.clone(),
                sites: vec![site.clone()],
                first: record.clone(),
                last: record.clone(),
            }),
        }
    }
    boots
}

fn longest_gap<'a>(acknowledged: impl Iterator<Item = &'a At>) -> i64 {
    let times: Vec<i64> = acknowledged.map(|at| at.record.wall_us).collect();
    times.windows(2).map(|pair| (pair[1] - pair[0]) / 1000).max().unwrap_or(0)
}

/// Acknowledged records that the ring should hold, and does not. A number that was written again after it was
/// lost counts as its last writer's.
fn missing<'a>(
    acknowledged: impl Iterator<Item = &'a At>,
    survivor: Option<&Boot>,
    (header, ring): &(Option<Record>, Vec<Record>),
) -> usize {
    let newest = header.as_ref().map_or(0, |record| record.n);
    // While an image is read, a VM that runs goes on round the ring behind the header that was read first.
    let round = ring.iter().map(|record| record.n).max().unwrap_or(0).max(newest);
    let there: BTreeSet<(u64, &str)> = ring.iter().map(|r| (r.n, r.boot.as_str())).collect();
    let mut writers: BTreeMap<u64, &str> = BTreeMap::new();
    for At { record, .. } in acknowledged {
        let by_survivor = survivor.is_some_and(|boot| boot.id == record.boot);
        // The image may be older than the log of a VM that still runs.
        let later = by_survivor && record.n > newest;
        if record.n + SLOTS > round && !later {
            writers.insert(record.n, &record.boot);
        }
    }
    writers.into_iter().filter(|writer| !there.contains(writer)).count()
}

fn twice(all: &[At]) -> usize {
    let mut writers: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for At { record, .. } in all {
        writers.entry(record.n).or_default().insert(&record.boot);
    }
    writers.values().filter(|boots| boots.len() > 1).count()
}

/// The longest time in which two boots both acknowledged, in milliseconds.
fn overlap(boots: &[Boot]) -> i64 {
    let mut longest = 0;
    for (i, one) in boots.iter().enumerate() {
        for other in &boots[i + 1..] {
            let ends = one.last.wall_us.min(other.last.wall_us);
            longest = longest.max(ends - one.first.wall_us.max(other.first.wall_us));
        }
    }
    if longest > AGREE_US { longest / 1000 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    /// `site boot numbers from-ms`, a record every 50 ms.
    fn known(logs: &[(&str, &str, std::ops::RangeInclusive<u64>, i64)]) -> Known {
        let mut sites: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for (site, boot, numbers, from) in logs {
            let records = numbers.clone().enumerate().map(|(i, n)| Record {
                n,
                wall_us: (from + 50 * i as i64) * 1000,
                boot: (*boot).to_owned(),
            });
            sites.entry((*site).to_owned()).or_default().extend(records);
        }
        Known { acknowledged: sites.into_iter().collect(), disk: None }
    }

    fn image(boot: &str, numbers: std::ops::RangeInclusive<u64>) -> Vec<Record> {
        numbers.map(|n| Record { n, wall_us: 0, boot: boot.to_owned() }).collect()
    }

    #[test]
    fn what_recoveries_cost() {
        let ms = |ms: i64| Some(ms * 1000);
        // Site a fails at 1000 ms, or the VM is moved on purpose.
        let verdicts = [
            judge("untouched", &known(&[("a", "A", 1..=40, 0)]), ms(1000)),
            judge(
                "nothing-lost",
                &known(&[("a", "A", 1..=20, 0), ("b", "B", 21..=30, 9000)]),
                ms(1000),
            ),
            judge(
                "five-lost",
                &known(&[("a", "A", 1..=20, 0), ("b", "B", 16..=40, 9000)]),
                ms(1000),
            ),
            judge(
                "kept-writing",
                &known(&[("a", "A", 1..=60, 0), ("b", "B", 16..=40, 9000)]),
                ms(1000),
            ),
            judge(
                "two-writers",
                &known(&[("a", "A", 1..=60, 0), ("b", "B", 16..=40, 2000)]),
                ms(1000),
            ),
            judge("moved", &known(&[("a", "A", 1..=60, 0), ("b", "B", 61..=80, 8000)]), None),
            judge(
                "moved-alive",
                &known(&[("a", "A", 1..=20, 0), ("b", "A", 21..=40, 1200)]),
                ms(1000),
            ),
            judge("gone", &known(&[("a", "A", 1..=20, 0)]), ms(1000)),
            judge("silent", &Known::default(), ms(1000)),
        ];
        insta::assert_snapshot!(table(&verdicts));
    }

    #[test]
    fn the_surviving_disk_must_hold_what_was_acknowledged() {
        let missing = |ring: Vec<Record>| {
            let mut known = known(&[("a", "A", 1..=20, 0), ("b", "B", 16..=40, 9000)]);
            known.disk = Some((ring.last().cloned(), ring));
            judge("vm", &known, Some(1_000_000)).not_on_disk
        };
        let whole = [image("A", 1..=15), image("B", 16..=40)].concat();
        assert_eq!(missing(whole.clone()), Some(0));
        assert_eq!(missing(whole[..30].to_vec()), Some(0), "the image is older than the log");
        assert_eq!(missing([&whole[..3], &whole[5..]].concat()), Some(2), "a hole");
        let other = [image("A", 1..=18), image("B", 19..=40)].concat();
        assert_eq!(missing(other), Some(3), "somebody else's record");
    }

    #[test]
    fn a_record_is_missed_only_while_the_ring_holds_it() {
        let mut known = known(&[("a", "A", 1..=5000, 0)]);
        let mut ring = image("A", 5000 - SLOTS + 1..=5000);
        known.disk = Some((ring.last().cloned(), ring.clone()));
        assert_eq!(judge("vm", &known, None).not_on_disk, Some(0));
        let newest = ring.pop();
        known.disk = Some((newest, ring));
        assert_eq!(judge("vm", &known, None).not_on_disk, Some(1));
    }

    #[test]
    fn a_vm_may_go_on_while_its_image_is_read() {
        let mut known = known(&[("a", "A", 1..=4990, 0)]);
        let ring = image("A", 5000 - SLOTS + 1..=5000);
        known.disk = Some((image("A", 4990..=4990).pop(), ring));
        assert_eq!(judge("vm", &known, None).not_on_disk, Some(0));
    }

    #[test]
    fn a_machine_reads_the_same() {
        let known = known(&[("a", "A", 1..=2, 0), ("b", "B", 2..=3, 9000)]);
        insta::assert_json_snapshot!(judge("vm", &known, Some(60_000)));
    }
}
