//! Says what a recovery cost: what was lost, for how long nothing was written, whether two wrote at once.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use jiff::Timestamp;
use muster_lab::judge::{Known, Verdict, judge};
use muster_lab::record::{disk, log};
use muster_lab::table::table;

/// Says what a recovery cost. Exit code 1: two boots wrote at once, or more was lost than is allowed, or a VM
/// did not come back.
#[derive(Parser, Debug)]
struct Arguments {
    /// A site's folder with VM.ack.log files, `SITE=FOLDER`.
    #[arg(long, required = true, value_parser = pair)]
    logs: Vec<(String, PathBuf)>,
    /// A VM's surviving disk, `VM=FILE`.
    #[arg(long, value_parser = pair)]
    disk: Vec<(String, PathBuf)>,
    /// Only this VM; may be given several times.
    #[arg(long)]
    vm: Vec<String>,
    /// When the site failed: RFC 3339, or seconds since 1970. Left out after a move on purpose.
    #[arg(long, value_parser = moment)]
    cut: Option<i64>,
    /// How many acknowledged records of a VM may be lost.
    #[arg(long)]
    lost_at_most: Option<usize>,
    /// Also writes the verdicts to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("NAME=PATH was expected")?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

fn moment(text: &str) -> Result<i64, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_microsecond());
    }
    let seconds: f64 = text.parse().map_err(|_| "RFC 3339 or seconds since 1970 were expected")?;
    Ok((seconds * 1e6) as i64)
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for (site, folder) in &arguments.logs {
        for (vm, text) in logs(folder)? {
            known.entry(vm).or_default().acknowledged.push((site.clone(), log(&text)));
        }
    }
    for (vm, file) in &arguments.disk {
        let image =
            std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        known.entry(vm.clone()).or_default().disk = Some(disk(&image));
    }
    known.retain(|vm, _| arguments.vm.is_empty() || arguments.vm.contains(vm));
    let verdicts: Vec<Verdict> =
        known.iter().map(|(vm, known)| judge(vm, known, arguments.cut)).collect();
    io::stdout().write_all(table(&verdicts).as_bytes())?;
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&verdicts)? + "\n")?;
    }
    let too_much = |verdict: &Verdict| {
        let lost = match &verdict.first_after {
            None if arguments.cut.is_some() => usize::MAX,
            _ => verdict.lost + verdict.not_on_disk.unwrap_or(0),
        };
        verdict.two_writers() || arguments.lost_at_most.is_some_and(|most| lost > most)
    };
    Ok(ExitCode::from(u8::from(verdicts.iter().any(too_much))))
}

/// The logs of a folder, by VM.
fn logs(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let entries =
        folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut logs = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(vm) = name.strip_suffix(".ack.log") {
            logs.push((vm.to_owned(), std::fs::read_to_string(&path)?));
        }
    }
    Ok(logs)
}
