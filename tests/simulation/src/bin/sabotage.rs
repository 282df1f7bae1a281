//! `muster-sabotage`: switches each guard off, and fails where nobody notices.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use clap::Parser;
use muster_simulation::sabotage::{Case, cases, play_case, try_case};
use muster_simulation::{FaultKind, Workflow};

/// Switches guards off, one after the other, and plays until an invariant breaks.
#[derive(Parser, Debug)]
#[command(name = "muster-sabotage")]
struct Args {
    /// Guards; all if not said.
    guards: Vec<String>,
    /// Seeds that are tried for each guard, at most.
    #[arg(long)]
    seeds: Option<u64>,
    /// Plays one seed without the guard and tells its story.
    #[arg(long, value_name = "SEED")]
    replay: Option<u64>,
    /// With the guard on, in a replay.
    #[arg(long, requires = "replay")]
    guarded: bool,
    /// Plays side by side.
    #[arg(long)]
    jobs: Option<usize>,
    /// Other faults than those of the case.
    #[arg(long, value_delimiter = ',')]
    faults: Option<Vec<FaultKind>>,
    /// Another workflow.
    #[arg(long)]
    workflow: Option<Workflow>,
}

impl Args {
    fn chosen(&self) -> anyhow::Result<Vec<Case>> {
        let all = cases();
        let is = |case: &Case, name: &str| named(case).eq_ignore_ascii_case(name);
        for name in &self.guards {
            if !all.iter().any(|case| is(case, name)) {
                let known: Vec<String> = all.iter().map(named).collect();
                bail!("there is no guard {name}; there are {}", known.join(", "));
            }
        }
        let wanted =
            |case: &Case| self.guards.is_empty() || self.guards.iter().any(|name| is(case, name));
        let mut chosen: Vec<Case> = all.into_iter().filter(wanted).collect();
        for case in &mut chosen {
            case.seeds = self.seeds.unwrap_or(case.seeds);
            if let Some(faults) = &self.faults {
                case.options.faults.clone_from(faults);
            }
            case.options.workflow = self.workflow.or(case.options.workflow);
        }
        Ok(chosen)
    }
}

fn named(case: &Case) -> String {
    format!("{:?}", case.guard)
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let chosen = args.chosen()?;
    if let Some(seed) = args.replay {
        for case in &chosen {
            let report = play_case(case, args.guarded, seed, true)?;
            report.story.iter().for_each(|line| println!("{line}"));
            println!("{}: {:?}", named(case), report.broken);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or_else(cores);
    let mut unnoticed = 0;
    println!(
        "{:<18} {:<24} {:<22} {:>5} {:>6}  lives in",
        "guard", "without", "noticed by", "seed", "s"
    );
    for case in &chosen {
        let begun = now();
        let caught = try_case(case, jobs)?;
        let took = begun.elapsed().as_secs_f64();
        let (by, seed) = match &caught.without {
            Some((seed, broken)) => (format!("{:?}", broken.invariant), *seed),
            None => (String::from("nobody"), case.seeds),
        };
        let beside: Vec<String> = case.beside.iter().map(|guard| format!("{guard:?}")).collect();
        let beside = beside.join(" ");
        let (guard, lives) = (named(case), case.lives);
        println!("{guard:<18} {beside:<24} {by:<22} {seed:>5} {took:>6.1}  {lives}");
        if let Some((seed, broken)) = &caught.with {
            println!("  with the guard on, seed {seed}: {:?}: {}", broken.invariant, broken.what);
        }
        unnoticed += usize::from(caught.without.is_none() || caught.with.is_some());
    }
    println!("{} guards, {unnoticed} unnoticed", chosen.len());
    Ok(if unnoticed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(
    clippy::disallowed_methods,
    reason = "says how long a guard takes, and nothing depends on it"
)]
fn now() -> Instant {
    Instant::now()
}
