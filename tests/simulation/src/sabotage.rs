//! Guards are switched off, one by one, and somebody must notice.
//!
//! A case names the guards that it takes away, and plays in which that matters. It is caught when an
//! invariant breaks without the guard in a seed that is clean with it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use muster_plans::guard::{Guard, switch_off};

use crate::{Broken, Drill, FaultKind, Options, Report, Workflow, play};

/// What is taken away, and where that shows.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is taken away.
    pub guard: Guard,
    /// Guards before and behind it that are away all the time, so that this one is all that is left.
    pub beside: &'static [Guard],
    /// Where the guard lives.
    pub lives: &'static str,
    /// The plays.
    pub options: Options,
    /// So many seeds are tried, from 0.
    pub seeds: u64,
}

fn case(guard: Guard, lives: &'static str, options: Options) -> Case {
    Case { guard, beside: &[], lives, options, seeds: 4000 }
}

fn alone(case: Case, beside: &'static [Guard]) -> Case {
    Case { beside, ..case }
}

fn about(workflow: Workflow, faults: &[FaultKind]) -> Options {
    Options { workflow: Some(workflow), faults: faults.to_vec(), ..Options::default() }
}

/// All cases.
pub fn cases() -> Vec<Case> {
    use FaultKind as F;
    use Guard as G;
    use Workflow as W;
    let site = &[F::Site, F::Link, F::Crash][..];
    let drill = |drill, options: Options| Options { drill: Some(drill), ..options };
    vec![
        case(G::IntentFirst, "server/engine/src/decide", about(W::Any, &[])),
        case(
            G::ReadBack,
            "server/engine/src/executor/job.rs",
            drill(Drill::EarlyClaims, about(W::Any, &[])),
        ),
        alone(
            case(G::Drained, "server/engine/src/executor/ask.rs", about(W::Any, &[F::Backend])),
            &[G::TokenAtEffect],
        ),
        case(
            G::RaiseFirst,
            "server/engine/src/executor/shop.rs",
            about(W::Any, &[F::Storm, F::Crash, F::Partition]),
        ),
        case(G::EvidenceFirst, "server/engine/src/executor/send.rs", about(W::Failover, site)),
        case(
            G::EvidenceAfterFence,
            "server/engine/src/state/evidence.rs",
            about(W::Failover, site),
        ),
        case(
            G::EvidenceFresh,
            "server/engine/src/state/evidence.rs",
            about(W::Failover, &[F::Site, F::Clock, F::Crash]),
        ),
        case(
            G::WitnessFresh,
            "server/engine/src/executor/gate.rs",
            drill(Drill::StaleWitness, about(W::Failover, &[])),
        ),
        case(
            G::PivotStands,
            "server/engine/src/state/course.rs",
            about(W::Planned, &[F::Backend, F::Site]),
        ),
        case(G::FenceFirst, "plans/src/compile/failover.rs", about(W::Failover, site)),
        case(G::OwedFirst, "plans/src/compile/owed.rs", about(W::Failover, site)),
        case(G::TurnFirst, "plans/src/compile/reprotect.rs", about(W::Planned, &[F::Backend])),
        alone(
            case(
                G::NotReplaced,
                "plans/src/compile/storage",
                about(W::Failover, &[F::Site, F::Link, F::Rewind]),
            ),
            &[G::Reckoned],
        ),
        alone(
            case(
                G::BubbleOnly,
                "plans/src/compile/network.rs",
                drill(Drill::WrongTestNetwork, about(W::Test, &[])),
            ),
            &[G::BubbleAtSite],
        ),
        alone(
            case(
                G::BubbleAtSite,
                "every hypervisor (here: adapters/sim/src/hypervisor)",
                drill(Drill::WrongTestNetwork, about(W::Test, &[])),
            ),
            &[G::BubbleOnly],
        ),
        case(
            G::CompareAndSet,
            "server/store (here: tests/simulation/src/database.rs)",
            about(W::Any, &[F::Pause, F::Crash]),
        ),
        case(
            G::Lease,
            "server/store (here: tests/simulation/src/database.rs)",
            about(W::Any, &[F::Pause, F::Crash]),
        ),
        case(
            G::NotOver,
            "server/store (here: tests/simulation/src/database.rs)",
            about(W::Failover, &[F::Pause, F::Site]),
        ),
        case(
            G::OneRun,
            "server/store (here: tests/simulation/src/database.rs)",
            about(W::Any, &[F::Storm, F::Partition, F::Pause]),
        ),
        case(
            G::RaiseAfterRestore,
            "server/src/ops/hold.rs (here: tests/simulation/src/release.rs)",
            about(W::Any, &[F::Storm, F::Rewind]),
        ),
        alone(
            case(
                G::Reckoned,
                "server/src/ops/reckon.rs (here: tests/simulation/src/release.rs)",
                about(W::Failover, &[F::Site, F::Link, F::Rewind]),
            ),
            &[G::NotReplaced],
        ),
        case(
            G::TokenAtEffect,
            "every agent (here: adapters/sim/src/ledger.rs)",
            about(W::Any, &[F::Storm, F::Rewind, F::Pause]),
        ),
        case(
            G::Memory,
            "every agent (here: adapters/sim/src/pipeline)",
            about(W::Any, &[F::Storm, F::Crash]),
        ),
        alone(
            case(
                G::PromotedFirst,
                "every array (here: adapters/sim/src/storage/reverse.rs)",
                about(W::Planned, &[F::Rewind]),
            ),
            &[G::Generation, G::Reckoned],
        ),
        alone(
            case(
                G::Generation,
                "every array (here: adapters/sim/src/storage/reverse.rs)",
                about(W::Planned, &[F::Rewind]),
            ),
            &[G::PromotedFirst, G::Reckoned],
        ),
        case(
            G::SnapshotFirst,
            "every array (here: adapters/sim/src/storage/reverse.rs)",
            about(W::Failover, &[F::Site, F::Link]),
        ),
        case(
            G::OwnTag,
            "every hypervisor and array (here: adapters/sim/src/op.rs)",
            drill(Drill::LookAlikes, about(W::Test, &[])),
        ),
        case(
            G::InSync,
            "every stretched array (here: adapters/sim/src/world/arbiter.rs)",
            about(W::Any, &[F::Link]),
        ),
    ]
}

/// With its guard on a case has to be clean in at least so many seeds.
const CLEAN: u64 = 20;

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The first seed in which something breaks without the guard, and what.
    pub without: Option<(u64, Broken)>,
    /// What breaks with the guard on, in the same seeds: nothing, or something is wrong elsewhere.
    pub with: Option<(u64, Broken)>,
}

/// Plays one seed of a case, with its guard or without.
///
/// # Errors
/// As [`play`].
pub fn play_case(case: &Case, guarded: bool, seed: u64, tell: bool) -> anyhow::Result<Report> {
    let own = (!guarded).then_some(case.guard);
    let off: Vec<Guard> = own.into_iter().chain(case.beside.iter().copied()).collect();
    let _off = switch_off(&off);
    play(seed, &Options { tell, ..case.options.clone() })
}

/// Tries a case: seeds without the guards until one breaks, and the same seeds with them.
///
/// # Errors
/// As [`play`].
pub fn try_case(case: &Case, jobs: usize) -> anyhow::Result<Caught> {
    // Where other guards are off as well, what breaks without them alone says nothing of this one.
    let alone = case.beside.is_empty();
    let found = first_broken(0..case.seeds, jobs, |seed| {
        let broken = play_case(case, false, seed, false)?.broken;
        let counts =
            alone || broken.is_none() || play_case(case, true, seed, false)?.broken.is_none();
        Ok(broken.filter(|_| counts))
    })?;
    if !alone {
        return Ok(Caught { without: found, with: None });
    }
    let plays = found.as_ref().map_or(case.seeds, |(seed, _)| seed + 1);
    let with = first_broken(0..plays.max(CLEAN), jobs, |seed| {
        Ok(play_case(case, true, seed, false)?.broken)
    })?;
    Ok(Caught { without: found, with })
}

/// The first seed in which something breaks. Seeds are handed out in their order, and nobody stops in the
/// middle of a play, so that it is the same one whatever the number of threads.
fn first_broken(
    seeds: std::ops::Range<u64>,
    jobs: usize,
    each: impl Fn(u64) -> anyhow::Result<Option<Broken>> + Sync,
) -> anyhow::Result<Option<(u64, Broken)>> {
    let (next, stop) = (AtomicU64::new(seeds.start), AtomicU64::new(seeds.end));
    let found: Mutex<Option<(u64, Broken)>> = Mutex::default();
    let work = || -> anyhow::Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= stop.load(Ordering::SeqCst) {
                return Ok(());
            }
            let Some(broken) = each(seed)? else { continue };
            stop.fetch_min(seed, Ordering::SeqCst);
            if let Ok(mut found) = found.lock()
                && found.as_ref().is_none_or(|(first, _)| seed < *first)
            {
                *found = Some((seed, broken));
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().ok().context("a play broke down")?)
    })?;
    found.into_inner().ok().context("a play broke down")
}
