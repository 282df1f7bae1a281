//! `muster adapter`: judges site agents.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use muster_adapter_remote::client::{Now, RemoteError, RemoteOptions, RemoteSite};
use muster_contract::kit::{KitReport, Probe, verify};
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
    /// Run the conformance kit against a site agent. Everything that it makes carries a tag of its
    /// own and is removed; production objects are only looked at. Do so while nothing runs at the
    /// site. Exit codes: 0 no case failed, 4 one did, 1 bad input, 2 nobody answers.
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Verify {
    /// Address of the agent: `https://paris.example:8443`, or of one of many behind one address
    /// `http://127.0.0.1:7979/sites/paris`.
    url: String,
    /// File with the token that the agent asks for.
    #[arg(long)]
    token_file: Option<PathBuf>,
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
        let report = self.judge().await?;
        match self.output {
            Format::Json => output::json(&report)?,
            Format::Table => output::line(&report.to_string()),
        }
        Ok(if report.passed() { Exit::Done } else { Exit::Problems })
    }

    async fn judge(&self) -> anyhow::Result<KitReport> {
        let clock = SystemClock::start();
        let now: Now = Arc::new(move || clock.now());
        let token = secret_of(self.token_file.as_deref())
            .map_err(|error| Failure::error(Exit::Usage, format!("{error:#}")))?;
        let options = RemoteOptions { token, ..RemoteOptions::new(Arc::clone(&now)) };
        let site = RemoteSite::discover(&self.url, options).await.map_err(|error| {
            let exit = match &error {
                RemoteError::Silent(_) => Exit::CouldNotRun,
                _ => Exit::Usage,
            };
            Failure::error(exit, error.to_string())
        })?;
        Ok(verify(&site, &Probe::new(now, ids::run_id())).await)
    }
}

#[cfg(test)]
mod tests;
