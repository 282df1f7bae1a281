//! `muster-sim`: plays seeds, side by side, and tells the story of the first that fails.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Context as _;
use clap::Parser;
use muster_simulation::{
    Ask, FaultKind, Matrix, Mode, Options, Report, Store, Swept, Workflow, matrix, play, story,
    sweep, tally,
};

/// Plays seeds: real plans and engine, simulated world, virtual time.
#[derive(Parser, Debug)]
#[command(name = "muster-sim")]
struct Args {
    /// Seeds from A up to, not including, B.
    #[arg(long, value_name = "A..B", default_value = "0..1000")]
    seeds: String,
    /// Only plays about this.
    #[arg(long)]
    workflow: Option<Workflow>,
    /// What may go wrong; all if not said.
    #[arg(long, value_delimiter = ',')]
    faults: Option<Vec<FaultKind>>,
    /// What is asked of a play.
    #[arg(long, default_value = "safety")]
    mode: Mode,
    /// Virtual minutes with faults.
    #[arg(long, default_value_t = 40)]
    minutes: u64,
    /// Where the servers write.
    #[arg(long, default_value = "memory")]
    store: Store,
    /// Plays one seed and tells its story.
    #[arg(long, value_name = "SEED")]
    replay: Option<u64>,
    /// Plays every seed twice and compares.
    #[arg(long)]
    twice: bool,
    /// Kills a server at every commit and every operation of each seed's play, instead of other faults.
    #[arg(long)]
    sweep: bool,
    /// In a sweep: kills once more, so many visits of the same place later.
    #[arg(long, value_name = "VISITS", requires = "sweep")]
    again: Option<u64>,
    /// Plays every cell of a matrix, and counts them.
    #[arg(long)]
    matrix: Option<Matrix>,
    /// In a matrix: only cells whose name is this or begins with it. One cell tells its story.
    #[arg(long, value_name = "NAME", requires = "matrix")]
    only: Option<String>,
    /// In a matrix: only every Nth cell, beginning with the Kth, from 0.
    #[arg(long, value_name = "K/N", requires = "matrix")]
    part: Option<String>,
    /// In a matrix: examples in worlds of the size of `muster demo`, instead of the smallest.
    #[arg(long, requires = "matrix")]
    whole: bool,
    /// In a matrix: what chance makes of everything else.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Goes on after a seed has failed, to count how many do.
    #[arg(long)]
    keep_going: bool,
    /// Plays side by side.
    #[arg(long)]
    jobs: Option<usize>,
}

impl Args {
    fn options(&self) -> Options {
        Options {
            workflow: self.workflow,
            faults: self.faults.clone().unwrap_or_else(|| FaultKind::ALL.to_vec()),
            mode: self.mode,
            minutes: self.minutes,
            store: self.store,
            ..Options::default()
        }
    }

    fn jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.unwrap_or_else(cores)
    }

    fn part(&self) -> anyhow::Result<Option<(usize, usize)>> {
        let Some(part) = &self.part else { return Ok(None) };
        let (first, of) = part.split_once('/').context("a part is given as K/N")?;
        Ok(Some((first.parse()?, of.parse()?)))
    }

    fn range(&self) -> anyhow::Result<std::ops::Range<u64>> {
        let (from, to) = self.seeds.split_once("..").context("seeds are given as A..B")?;
        Ok(from.parse()?..to.parse()?)
    }

    /// The command that plays one seed again.
    fn again(&self, seed: u64) -> String {
        let mut words = format!("muster-sim --replay {seed}");
        if self.mode == Mode::Liveness {
            words.push_str(" --mode liveness");
        }
        if let Some(workflow) = self.workflow {
            words.push_str(&format!(" --workflow {}", format!("{workflow:?}").to_lowercase()));
        }
        if let Some(faults) = &self.faults {
            let faults: Vec<String> =
                faults.iter().map(|f| format!("{f:?}").to_lowercase()).collect();
            words.push_str(&format!(" --faults {}", faults.join(",")));
        }
        if self.store == Store::Sqlite {
            words.push_str(" --store sqlite");
        }
        if self.minutes != 40 {
            words.push_str(&format!(" --minutes {}", self.minutes));
        }
        words
    }
}

/// Sums over all plays.
#[derive(Default)]
struct Sums {
    plays: u64,
    events: u64,
    commits: u64,
    runs: (usize, usize),
    failed: Vec<Report>,
    differ: Vec<u64>,
    by_workflow: BTreeMap<String, u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    if let Some(seed) = args.replay {
        return replay(&args, seed);
    }
    if let Some(which) = args.matrix {
        return play_matrix(&args, which);
    }
    if args.sweep {
        return sweep_all(&args);
    }
    let sums = play_all(&args)?;
    for report in sums.failed.iter().take(20) {
        let Some(broken) = &report.broken else { continue };
        println!("seed {}: {:?}: {}", report.seed, broken.invariant, broken.what);
        println!("  {}", args.again(report.seed));
    }
    if !sums.differ.is_empty() {
        println!("seeds whose second play differs: {:?}", sums.differ);
    }
    let about: Vec<String> =
        sums.by_workflow.iter().map(|(name, n)| format!("{n} {name}")).collect();
    println!(
        "{} plays ({}), {} runs started, {} ended, {} commits, {} events",
        sums.plays,
        about.join(", "),
        sums.runs.0,
        sums.runs.1,
        sums.commits,
        sums.events
    );
    let failed = sums.failed.len() + sums.differ.len();
    println!("{} passed, {failed} failed", sums.plays as usize - sums.failed.len());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn replay(args: &Args, seed: u64) -> anyhow::Result<ExitCode> {
    let report = play(seed, &Options { tell: true, ..args.options() })?;
    for line in &report.story {
        println!("{line}");
    }
    println!("trace {:016x}, {} events", report.digest, report.events);
    match &report.broken {
        Some(broken) => {
            println!("{:?} is broken: {}", broken.invariant, broken.what);
            println!("again: {}", args.again(seed));
            Ok(ExitCode::FAILURE)
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

fn play_matrix(args: &Args, which: Matrix) -> anyhow::Result<ExitCode> {
    let ask = Ask {
        seed: args.seed,
        only: args.only.as_deref(),
        jobs: args.jobs(),
        part: args.part()?,
        whole: args.whole,
    };
    let cells = matrix(which, &ask)?;
    let name = format!("{which:?}").to_lowercase();
    let whole = if args.whole { " --whole" } else { "" };
    let again = format!("muster-sim --matrix {name}{whole} --seed {} --only", args.seed);
    let tally = tally(&cells, &again);
    if let ([cell], Some(only)) = (cells.as_slice(), &args.only)
        && cell.name == *only
        && let Ok(report) = story(which, &ask, only)
    {
        for line in &report.story {
            println!("{line}");
        }
    }
    print!("{}", tally.text);
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn sweep_all(args: &Args) -> anyhow::Result<ExitCode> {
    let options = args.options();
    let swept = Mutex::new(Swept::default());
    side_by_side(args, |seed| {
        let one = sweep(seed, &options, args.again)?;
        for (crashes, broken) in &one.broken {
            println!("seed {seed}, {crashes:?}: {:?}: {}", broken.invariant, broken.what);
        }
        for missed in &one.missed {
            println!("seed {seed}: {missed:?} was not hit");
        }
        if let Ok(mut swept) = swept.lock() {
            swept.points += one.points;
            swept.broken.extend(one.broken);
            swept.missed.extend(one.missed);
        }
        Ok(true)
    })?;
    let swept = swept.into_inner().map_err(|_| anyhow::anyhow!("a play broke down"))?;
    let failed = swept.broken.len() + swept.missed.len();
    println!(
        "{} crash points, {} broken, {} missed",
        swept.points,
        swept.broken.len(),
        swept.missed.len()
    );
    println!("{} passed, {failed} failed", (swept.points as usize).saturating_sub(failed));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play_all(args: &Args) -> anyhow::Result<Sums> {
    let options = args.options();
    let sums = Mutex::new(Sums::default());
    side_by_side(args, |seed| {
        let report = play(seed, &options)?;
        let differs = args.twice && play(seed, &options)?.digest != report.digest;
        let go_on = report.broken.is_none() || args.keep_going;
        if let Ok(mut sums) = sums.lock() {
            sums.add(report, differs);
        }
        Ok(go_on)
    })?;
    sums.into_inner().map_err(|_| anyhow::anyhow!("a play broke down"))
}

/// Hands all seeds out to as many threads as there are cores; stops when one says so.
fn side_by_side(
    args: &Args,
    each: impl Fn(u64) -> anyhow::Result<bool> + Sync,
) -> anyhow::Result<()> {
    let range = args.range()?;
    let next = AtomicU64::new(range.start);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..args.jobs())
            .map(|_| {
                scope.spawn(|| -> anyhow::Result<()> {
                    while !stop.load(Ordering::Relaxed) {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= range.end {
                            break;
                        }
                        if !each(seed)? {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a play broke down"))??;
        }
        Ok(())
    })
}

impl Sums {
    fn add(&mut self, report: Report, differs: bool) {
        self.plays += 1;
        self.events += report.events;
        self.commits += report.commits;
        self.runs.0 += report.runs.0;
        self.runs.1 += report.runs.1;
        *self.by_workflow.entry(format!("{:?}", report.workflow).to_lowercase()).or_default() += 1;
        if differs {
            self.differ.push(report.seed);
        }
        if report.broken.is_some() {
            self.failed.push(report);
        }
    }
}
