//! Records a run and opens images of it: `cargo run --release -p muster-power -- --images 50000`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use muster_power::{Campaign, Recording, Sabotage};

/// Every legal crash image of a recorded run opens clean and holds what was acknowledged.
#[derive(Parser, Debug)]
struct Arguments {
    #[command(subcommand)]
    child: Option<Child>,
    /// How many images.
    #[arg(long, default_value_t = 50_000)]
    images: usize,
    /// Chooses moments and combinations.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads that open images.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Leaves images that failed in this folder.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Leaves syncs out, to see that it is found: `log`, `all` or `database`.
    #[arg(long)]
    sabotage: Option<String>,
}

#[derive(Subcommand, Debug)]
enum Child {
    /// Plays what is recorded.
    #[command(hide = true)]
    Child {
        /// The database file.
        #[arg(long)]
        db: PathBuf,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(Child::Child { db }) = &arguments.child {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(muster_power::play(db))?;
        return Ok(ExitCode::SUCCESS);
    }
    let sabotage = match arguments.sabotage.as_deref() {
        None => Sabotage::None,
        Some("log") => Sabotage::LogNotSynced,
        Some("all") => Sabotage::NothingSynced,
        Some("database") => Sabotage::DatabaseNotSynced,
        Some(other) => anyhow::bail!("there is no sabotage `{other}`"),
    };
    let recording = Recording::of(&std::env::current_exe()?)?.sabotaged(sabotage);
    let Arguments { images, seed, threads, keep, .. } = arguments;
    let restarts = recording.log_restarts();
    let report = Campaign { images, seed, threads, keep }.run(&recording)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} images of {} moments, {} of them in every combination; the log was begun anew {restarts} \
         times; a transaction that was under way was there in {} and not in {}; {} failed",
        report.images, report.moments, report.exhausted, report.kept, report.lost, report.failed
    )?;
    report.failures.iter().take(5).try_for_each(|failure| writeln!(out, "{failure}"))?;
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
