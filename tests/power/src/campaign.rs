//! Many images of one recording.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use fastrand::Rng;

use crate::check::{Found, check, lay};
use crate::disk::Disk;
use crate::image::{Fate, Files, fates, image};
use crate::mark::{Held, Mark, Step};
use crate::record::Recording;
use crate::scene::Moment;

/// With at most so many changes under way every combination of them is tried.
const EVERY: usize = 5;

/// Failures that are told.
const TOLD: usize = 100;

/// How many images, and which.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Images in all; half of them at most are those of moments at which every combination is tried.
    pub images: usize,
    /// Chooses moments and combinations.
    pub seed: u64,
    /// Threads that open images.
    pub threads: usize,
    /// Where images that failed are left, if anywhere.
    pub keep: Option<PathBuf>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Moments at which the power could fail with something under way or just acknowledged.
    pub moments: usize,
    /// Moments at which every combination was tried.
    pub exhausted: usize,
    /// Images that were opened.
    pub images: usize,
    /// Images of a moment in which a transaction was under way, and was there afterwards.
    pub kept: usize,
    /// The same, and it was not.
    pub lost: usize,
    /// Images that break a promise.
    pub failed: usize,
    /// The first of them, with the moment and the reason.
    pub failures: Vec<String>,
}

/// One image on its way to be opened.
struct Job {
    name: String,
    files: Files,
    noise: Option<u64>,
    acknowledged: Held,
    begun: Vec<Step>,
}

/// What is tried at one moment: so many by seed, and every combination or not.
#[derive(Clone, Copy, Default)]
struct Plan {
    seeded: usize,
    every: bool,
}

impl Campaign {
    /// Makes the images and opens them.
    ///
    /// # Errors
    /// Where the machine fails; an image that breaks a promise is no error but part of the report.
    pub fn run(&self, recording: &Recording) -> anyhow::Result<Report> {
        let (plans, report) = self.plans(recording);
        let shared = Mutex::new(report);
        let (sender, receiver) = sync_channel(2 * self.threads);
        let receiver = Mutex::new(receiver);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads.max(1))
                .map(|_| scope.spawn(|| self.work(recording, &receiver, &shared)))
                .collect();
            self.make(recording, &plans, &sender);
            drop(sender);
            workers.into_iter().try_for_each(|worker| {
                worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked")))
            })
        })?;
        Ok(shared.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is tried at which moment.
    fn plans(&self, recording: &Recording) -> (BTreeMap<usize, Plan>, Report) {
        let mut rng = Rng::with_seed(self.seed);
        let (mut few, mut all) = (Vec::new(), Vec::new());
        let mut disk = Disk::before(&recording.scene);
        for (at, moment) in recording.scene.moments.iter().enumerate() {
            disk.pass(moment);
            let under_way = disk.pending.len();
            if is_worth_it(moment) {
                all.push(at);
                if under_way <= EVERY {
                    few.push((at, combinations(moment, under_way).len()));
                }
            }
        }
        let mut plans: BTreeMap<usize, Plan> = BTreeMap::new();
        let mut left = self.images;
        rng.shuffle(&mut few);
        for (at, images) in few {
            if left.saturating_sub(images) >= self.images / 2 {
                plans.entry(at).or_default().every = true;
                left -= images;
            }
        }
        let exhausted = plans.len();
        // Every moment once before one of them twice.
        while left > 0 && !all.is_empty() {
            rng.shuffle(&mut all);
            for at in all.iter().take(left) {
                plans.entry(*at).or_default().seeded += 1;
            }
            left -= left.min(all.len());
        }
        (plans, Report { moments: all.len(), exhausted, ..Report::default() })
    }

    fn make(&self, recording: &Recording, plans: &BTreeMap<usize, Plan>, jobs: &SyncSender<Job>) {
        let mut disk = Disk::before(&recording.scene);
        for (at, moment) in recording.scene.moments.iter().enumerate() {
            disk.pass(moment);
            let plan = plans.get(&at).copied().unwrap_or_default();
            let mut rng = Rng::with_seed(self.seed ^ ((at as u64) << 20));
            let seeded = (0..plan.seeded).map(|_| {
                let noise = rng.bool().then(|| rng.u64(..));
                (fates(&disk, &mut rng), noise)
            });
            let every =
                if plan.every { combinations(moment, disk.pending.len()) } else { Vec::new() };
            let every = every.into_iter().map(|fates| (fates, None));
            for (n, (fates, noise)) in seeded.chain(every).enumerate() {
                let job = Job {
                    name: format!("moment {at}, image {n}"),
                    files: image(&disk, &fates, noise),
                    noise,
                    acknowledged: disk.acknowledged.clone(),
                    begun: disk.begun.clone(),
                };
                if jobs.send(job).is_err() {
                    return;
                }
            }
        }
    }

    fn work(
        &self,
        recording: &Recording,
        jobs: &Mutex<Receiver<Job>>,
        report: &Mutex<Report>,
    ) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = job else { return Ok(()) };
            let folder = in_memory()?;
            lay(&job.files, folder.path(), job.noise)?;
            let checked = check(folder.path(), recording, &job.acknowledged, &job.begun);
            let found = runtime.block_on(checked);
            let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
            report.images += 1;
            match found {
                Ok(Found::NoneBegun) => {}
                Ok(Found::Kept) => report.kept += 1,
                Ok(Found::Lost) => report.lost += 1,
                Err(error) => {
                    report.failed += 1;
                    if report.failures.len() < TOLD {
                        self.keep(&job, report.failures.len())?;
                        report.failures.push(format!("{}: {error:#}", job.name));
                    }
                }
            }
        }
    }

    /// Leaves an image that failed, as it was before it was opened.
    fn keep(&self, job: &Job, n: usize) -> anyhow::Result<()> {
        let Some(keep) = &self.keep else { return Ok(()) };
        let folder = keep.join(n.to_string());
        std::fs::create_dir_all(&folder)?;
        lay(&job.files, &folder, job.noise).context("the image cannot be kept")
    }
}

/// Whether the power fails here. Between the end of a sync and the acknowledgement a transaction is there
/// and nobody knows.
fn is_worth_it(moment: &Moment) -> bool {
    matches!(moment, Moment::Changed(..) | Moment::Synced(..) | Moment::Said(Mark::Ack(_)))
}

/// Every combination of what is kept and what is lost. Those without the change that was made last are
/// images of the moment before.
fn combinations(moment: &Moment, under_way: usize) -> Vec<Vec<Fate>> {
    let fate = |kept| if kept { Fate::Kept } else { Fate::Lost };
    let all = (0_u32..1 << under_way)
        .map(|bits| (0..under_way).map(|n| fate(bits >> n & 1 == 1)).collect::<Vec<_>>());
    let is_new = |fates: &Vec<Fate>| {
        !matches!(moment, Moment::Changed(..)) || fates.last() == Some(&Fate::Kept)
    };
    all.filter(is_new).collect()
}

/// A folder in memory where there is one: syncs cost nothing there.
fn in_memory() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}
