//! Measurements in processes of their own: peaks of memory do not mix, and a process can be killed.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A run from start to end.
    Run,
    /// A run that says when it is half done, and is killed.
    Victim,
    /// Goes on with what was killed.
    Heir,
}

/// What a child process is told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Child {
    /// What is measured.
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    /// The database file.
    #[arg(long)]
    pub(crate) db: PathBuf,
    /// VMs of the run.
    #[arg(long)]
    pub(crate) vms: u32,
    /// How long a step takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub(crate) step_ms: u64,
    /// Steps at once, as a cap in the graph; 0: none.
    #[arg(long, default_value_t = 0)]
    pub(crate) cap: u32,
    /// Every VM at once: no priorities, and as many slots as VMs.
    #[arg(long)]
    pub(crate) at_once: bool,
}

/// The child's side.
pub(crate) fn main(child: &Child, started: Instant) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match child.kind {
        Kind::Run => say(&runtime.block_on(engine::throughput::child(child))?),
        Kind::Victim => runtime.block_on(engine::takeover::victim(child)),
        Kind::Heir => say(&runtime.block_on(engine::takeover::heir(child, started))?),
    }
}

fn say(result: &impl Serialize) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{}", serde_json::to_string(result)?)?;
    Ok(())
}

/// Says one line to the parent at once.
pub(crate) fn shout(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    std::io::stdout().flush()?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the benchmark starts itself again")]
fn command(child: &Child) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let kind = child.kind.to_possible_value().context("a hidden kind")?;
    command.args(["child", kind.get_name(), "--db"]).arg(&child.db);
    let numbers = [
        ("--vms", u64::from(child.vms)),
        ("--step-ms", child.step_ms),
        ("--cap", u64::from(child.cap)),
    ];
    for (name, value) in numbers {
        command.arg(name).arg(value.to_string());
    }
    if child.at_once {
        command.arg("--at-once");
    }
    command.stdout(Stdio::piped());
    Ok(command)
}

/// Runs a child to its end and reads what it found.
pub(crate) fn measure<R: DeserializeOwned>(child: &Child) -> anyhow::Result<R> {
    let output = command(child)?.spawn()?.wait_with_output()?;
    if !output.status.success() {
        bail!("a measurement of {:?} ended with {}", child.kind, output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Starts a child, waits for its first line, and kills it there, as `kill -9` does.
pub(crate) fn kill_at_first_line(child: &Child) -> anyhow::Result<String> {
    let mut process = command(child)?.spawn()?;
    let mut line = String::new();
    let stdout = process.stdout.take().context("no pipe")?;
    let read = BufReader::new(stdout).read_line(&mut line);
    process.kill()?;
    process.wait()?;
    read?;
    if line.is_empty() {
        bail!("the child was gone before it could be killed");
    }
    Ok(line)
}
