//! `muster apply`: documents to the server, all or none.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::client::Client;
use super::exit::{Exit, Failure};
use super::{Format, Server, output};
use crate::api::dto::{ApplyFile, ApplyRequest, ApplyResult, ChangeKind};

/// Bring documents to the server.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    server: Server,
    /// Files, or folders whose *.yaml and *.yml files are taken.
    #[arg(short, long = "file", required = true)]
    files: Vec<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Only show what would change.
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        let files: Vec<ApplyFile> = read_all(&self.files)?
            .into_iter()
            .map(|(name, text)| ApplyFile { name, text })
            .collect();
        let mut request = ApplyRequest { files, base: None, dry_run: true };
        let preview: ApplyResult = client.post("/apply", &serde_json::to_value(&request)?).await?;
        let changes = preview.changes.iter().any(|c| c.change != ChangeKind::Unchanged);
        if client.format == Format::Table {
            print(&preview);
        }
        if self.dry_run || !changes {
            if client.format == Format::Json {
                output::json(&preview)?;
            }
            return Ok(Exit::Done);
        }
        if !self.yes && !confirmed()? {
            return Err(Failure::error(Exit::Refused, "nothing was changed"));
        }
        request.dry_run = false;
        request.base = Some(preview.base);
        let result: ApplyResult = client.post("/apply", &serde_json::to_value(&request)?).await?;
        match client.format {
            Format::Json => output::json(&result)?,
            Format::Table => output::line("applied"),
        }
        Ok(Exit::Done)
    }
}

fn print(result: &ApplyResult) {
    for change in &result.changes {
        let mark = match change.change {
            ChangeKind::Added => "+",
            ChangeKind::Changed => "~",
            ChangeKind::Unchanged => " ",
        };
        output::line(&format!("{mark} {} {}", change.kind, change.name));
    }
    for finding in &result.findings {
        let place = finding.place.clone().unwrap_or_default();
        output::say(&format!(
            "{place} {}[{}]: {}",
            finding.severity, finding.code, finding.message
        ));
    }
}

fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::error(Exit::Usage, "not on a terminal: say --yes to apply"));
    }
    let mut out = std::io::stderr().lock();
    write!(out, "Apply these changes? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Reads files, and the YAML files of folders in the order of their names.
///
/// # Errors
/// Where one cannot be read.
pub(crate) fn read_all(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::error(Exit::Usage, "no *.yaml or *.yml file there"));
    }
    Ok(files)
}

fn collect(path: &Path, files: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    if path.is_dir() {
        let mut entries = std::fs::read_dir(path)
            .with_context(|| format!("cannot read the folder {}", path.display()))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()?;
        entries.sort();
        for entry in entries {
            let is_yaml = entry.extension().is_some_and(|e| e == "yaml" || e == "yml");
            if entry.is_dir() || is_yaml {
                collect(&entry, files)?;
            }
        }
        return Ok(());
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    // Bytes that are no UTF-8 become a finding of the reader, with their place.
    files.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    Ok(())
}
