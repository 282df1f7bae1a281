//! `muster adapter`: judges site agents.

use clap::{Args, Subcommand};

use super::exit::Exit;

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
}

impl Adapter {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::Openapi => {
                super::output::json(&muster_adapter_remote::openapi())?;
                Ok(Exit::Done)
            }
        }
    }
}
