//! Benchmarks that print ratios and growth. Nothing here asserts a time.
//!
//! What each figure means is written in `README.md` beside this crate.

mod child;
mod clock;
mod engine;
mod memory;
mod plan;
mod report;
mod store;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use report::Report;

#[derive(Parser)]
#[command(about = "Benchmarks that print ratios and growth.")]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Runs through the engine and the SQLite store: throughput, memory, makespan, takeover.
    Engine(Settings),
    /// Checking, deriving, compiling, forecasting.
    Plan(Settings),
    /// The journal and the lists of the store.
    Store(Settings),
    /// One measurement in a process of its own.
    #[command(hide = true)]
    Child(child::Child),
}

/// Settings of every benchmark.
#[derive(Args)]
struct Settings {
    /// Writes the figures as JSON here.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Leaves out what takes long.
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let started = clock::now();
    let cli = Cli::parse();
    let (name, settings) = match &cli.bench {
        Bench::Child(child) => return child::main(child, started),
        Bench::Engine(settings) => ("engine", settings),
        Bench::Plan(settings) => ("plan", settings),
        Bench::Store(settings) => ("store", settings),
    };
    let mut report = Report::new(name, settings.quick);
    match &cli.bench {
        Bench::Engine(_) => engine::run(&mut report)?,
        Bench::Plan(_) => plan::run(&mut report)?,
        Bench::Store(_) | Bench::Child(_) => store::run(&mut report)?,
    }
    writeln!(std::io::stdout(), "{}", report.table())?;
    if let Some(path) = &settings.json {
        std::fs::write(path, report.json()?)?;
    }
    Ok(())
}
