//! `muster adapter`: judges site agents.

mod command;
mod hands;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use muster_adapter_remote::client::{Now, RemoteError, RemoteOptions, RemoteSite};
use muster_contract::kit::{KitReport, Probe, cases, verify};
use muster_engine::Clock;

use super::exit::{Exit, Failure};
use super::local::secret_of;
use super::{Format, output};
use crate::clock::SystemClock;
use crate::ids;

/// Site agents under the adapter contract.
#[derive(Debug, Args)]
pub(crate) struct Adapter {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the OpenAPI document of the adapter protocol.
    Openapi,
    /// Run the conformance kit against a site agent.
    ///
    /// Everything that it makes carries a tag of its own and is removed; production objects are only
    /// looked at. Do so while nothing runs at the site. A case that needs a hand which is not given
    /// is not applicable, never passed: give one with --control, --restart-command, --hand-command,
    /// --lab and --log-file.
    ///
    /// Exit codes: 0 no case failed, 4 one did, 1 bad input, 2 nobody answers.
    Verify(Box<Verify>),
}

#[derive(Debug, Clone, Args)]
struct Verify {
    /// Address of the agent: `https://paris.example:8443`, or of one of many behind one address
    /// `http://127.0.0.1:7979/sites/paris`.
    #[arg(required_unless_present = "list")]
    url: Option<String>,
    /// File with the token that the agent asks for.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// File with the certificates that sign the agent's own (PEM), where that is not one of the system's.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// File with the certificate and the key to show to the agent (PEM).
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,
    /// Only these cases: `ATK-07`, or `ATK-07,ATK-08`. Can be given more than once.
    #[arg(long, value_name = "CASE", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the cases, what each proves and what it needs, and ask nobody.
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    hands: hands::Options,
    /// How to print.
    #[arg(long, short, value_enum, default_value_t = Format::Table)]
    output: Format,
}

impl Adapter {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::Openapi => {
                output::json(&muster_adapter_remote::openapi())?;
                Ok(Exit::Done)
            }
            Command::Verify(verify) => verify.run().await,
        }
    }
}

impl Verify {
    async fn run(self) -> anyhow::Result<Exit> {
        if self.list {
            return list(self.output);
        }
        let report = self.judge().await?;
        match self.output {
            Format::Json => output::json(&report)?,
            Format::Table => output::line(&report.to_string()),
        }
        Ok(if report.passed() { Exit::Done } else { Exit::Problems })
    }

    async fn judge(&self) -> anyhow::Result<KitReport> {
        if let Some(id) = self.only.iter().find(|id| cases().all(|about| about.id != **id)) {
            let text = format!("`{id}` is no case; --list names them");
            return Err(Failure::error(Exit::Usage, text));
        }
        let clock = SystemClock::start();
        let now: Now = Arc::new(move || clock.now());
        let mut options = options(&now, self.token_file.as_deref())?;
        options.ca_pem = pem(self.ca_file.as_deref())?;
        options.identity_pem = pem(self.identity_file.as_deref())?;
        let url = self.url.as_deref().unwrap_or_default();
        let site = RemoteSite::discover(url, options.clone()).await.map_err(unusable)?;
        let mut probe = Probe::new(now, ids::run_id());
        probe.secrets = options.token.iter().cloned().collect();
        probe.only.clone_from(&self.only);
        let hands = self.hands.open(url, options).await?;
        probe.hand = Some(Arc::new(hands));
        Ok(verify(&site, &probe).await)
    }
}

fn pem(file: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    let read = file.map(|path| {
        std::fs::read(path).map_err(|error| {
            Failure::error(Exit::Usage, format!("cannot read {}: {error}", path.display()))
        })
    });
    read.transpose()
}

/// How an agent is reached that asks for the token in a file.
fn options(now: &Now, token_file: Option<&Path>) -> anyhow::Result<RemoteOptions> {
    let token =
        secret_of(token_file).map_err(|error| Failure::error(Exit::Usage, format!("{error:#}")))?;
    Ok(RemoteOptions { token, ..RemoteOptions::new(Arc::clone(now)) })
}

fn unusable(error: RemoteError) -> anyhow::Error {
    let exit = match &error {
        RemoteError::Silent(_) => Exit::CouldNotRun,
        _ => Exit::Usage,
    };
    Failure::error(exit, error.to_string())
}

fn list(format: Format) -> anyhow::Result<Exit> {
    if format == Format::Json {
        output::json(&cases().collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    for about in cases() {
        output::line(&format!("{}  {}", about.id, about.title));
        output::line(&format!("        proves that {}", about.proves));
        for (word, hooks) in [("needs", about.needs), ("better with", about.helps)] {
            if !hooks.is_empty() {
                let hooks: Vec<_> = hooks.iter().map(ToString::to_string).collect();
                output::line(&format!("        {word}: {}", hooks.join(", ")));
            }
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests;
