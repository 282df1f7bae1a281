//! What the tiebreaker of a stretched cluster says of the other site.
//!
//! Ceph is its own witness. A site that sees neither the other one nor the tiebreaker has no quorum there, and
//! a write that it takes is never acknowledged: every placement group needs a storage daemon at each site, so the
//! one there waits for an answer from here. Only a quorum can lower that to one site (*degraded stretch
//! mode*), which it does when all monitors and all storage daemons of a site are gone, and only for the site that
//! it is at. From then on what waits at the other site belongs to an interval that is over, and the daemons there
//! drop it when they come back.
//!
//! *Their clients do not drop it*: they send it again when they see the cluster again, and it is written. So that
//! a site is dead says that it does not write now. That it will not write later is what a fence is for, which a
//! failover puts up first.

use std::collections::BTreeSet;

use muster_contract::WitnessSight;
use muster_plans::time::{Span, Time};

use crate::said::{OsdDump, Quorum};

/// What is remembered between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Since when it is seen dead without a break.
    pub(crate) dead_since: Option<Time>,
    /// When a monitor of it was last in the quorum.
    pub(crate) last_seen: Option<Time>,
}

/// Whom to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mons<'a> {
    pub(crate) own: &'a BTreeSet<String>,
    pub(crate) peer: &'a BTreeSet<String>,
    pub(crate) tiebreaker: &'a str,
}

/// What the witness says, and what is remembered of it. `None`: the tiebreaker is not with us, and has no say.
pub(crate) fn witness(
    mons: Mons<'_>,
    quorum: &Quorum,
    dump: &OsdDump,
    memory: Memory,
    patience: Span,
    now: Time,
) -> (Option<WitnessSight>, Memory) {
    let with_us = |names: &BTreeSet<String>| !names.is_disjoint(&quorum.quorum_names);
    if with_us(mons.peer) {
        let memory = Memory { dead_since: None, last_seen: Some(now) };
        let told = quorum.quorum_names.contains(mons.tiebreaker);
        return (told.then_some(WitnessSight::Seen), memory);
    }
    let tiebreaker = quorum.monmap.tiebreaker_mon == mons.tiebreaker
        && quorum.quorum_names.contains(mons.tiebreaker);
    if !with_us(mons.own) || !tiebreaker {
        return (None, Memory { dead_since: None, ..memory });
    }
    let stretch = dump.stretch_mode;
    if !stretch.stretch_mode_enabled || !stretch.degraded || stretch.recovering {
        return (Some(WitnessSight::Silent), Memory { dead_since: None, ..memory });
    }
    let since = memory.dead_since.unwrap_or(now);
    let sight = match now.since(since) >= patience {
        true => WitnessSight::Dead,
        false => WitnessSight::Silent,
    };
    (Some(sight), Memory { dead_since: Some(since), ..memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene {
        quorum: Vec<&'static str>,
        degraded: bool,
        memory: Memory,
    }

    impl Scene {
        fn look(&self, now: i64) -> (Option<WitnessSight>, Memory) {
            let names = |name: &str| BTreeSet::from([name.to_owned()]);
            let (own, peer) = (names("a"), names("b"));
            let mons = Mons { own: &own, peer: &peer, tiebreaker: "w" };
            let quorum =
                serde_json::json!({"quorum_names": self.quorum, "monmap": {"tiebreaker_mon": "w"}});
            let dump = serde_json::json!({"epoch": 1, "stretch_mode": {"stretch_mode_enabled": true,
                "degraded_stretch_mode": self.degraded, "recovering_stretch_mode": 0}});
            let quorum = serde_json::from_value(quorum).unwrap();
            let dump = serde_json::from_value(dump).unwrap();
            witness(mons, &quorum, &dump, self.memory, Span::secs(30), Time(now))
        }
    }

    #[test]
    fn a_site_is_dead_once_the_cluster_has_given_it_up_for_long_enough() {
        let mut scene =
            Scene { quorum: vec!["a", "b", "w"], degraded: false, memory: Memory::default() };
        let (sight, memory) = scene.look(1_000);
        assert_eq!(sight, Some(WitnessSight::Seen));
        scene.memory = memory;
        scene.quorum = vec!["a", "w"];
        let (sight, memory) = scene.look(2_000);
        assert_eq!((sight, memory.dead_since), (Some(WitnessSight::Silent), None));
        scene.degraded = true;
        let (sight, memory) = scene.look(10_000);
        assert_eq!((sight, memory.dead_since), (Some(WitnessSight::Silent), Some(Time(10_000))));
        scene.memory = memory;
        assert_eq!(scene.look(39_000).0, Some(WitnessSight::Silent));
        let (sight, memory) = scene.look(40_000);
        assert_eq!((sight, memory.last_seen), (Some(WitnessSight::Dead), Some(Time(1_000))));
        scene.quorum = vec!["a", "b", "w"];
        assert_eq!(scene.look(41_000).1.dead_since, None, "it must be dead without a break");
    }

    #[test]
    fn without_the_tiebreaker_nobody_is_dead() {
        let memory = Memory { dead_since: Some(Time(0)), last_seen: None };
        for quorum in [vec!["a"], vec!["w"], vec!["b", "w"], vec![]] {
            let scene = Scene { quorum: quorum.clone(), degraded: true, memory };
            let (sight, memory) = scene.look(100_000);
            assert!(sight.is_none() || sight == Some(WitnessSight::Seen), "{quorum:?}");
            assert_eq!(memory.dead_since, None);
        }
    }
}
