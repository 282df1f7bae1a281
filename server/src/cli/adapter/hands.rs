//! The hands that the command line can give to the conformance kit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;
use muster_adapter_remote::client::{RemoteOptions, RemoteSite};
use muster_adapter_remote::line::BentLine;
use muster_adapter_sim::SimHand;
use muster_contract::SiteAdapter;
use muster_contract::kit::{Hand, Hands, Hook, Lab};
use muster_plans::id::ConsistencyGroupId;

use super::command::CommandHand;
use super::{options, unusable};
use crate::cli::exit::{Exit, Failure};
use crate::sim::SimClient;

#[derive(Debug, Clone, Default, Args)]
pub(super) struct Options {
    /// Run this (sh -c) to end the agent's process without a word, as kill -9 does, and to start it
    /// again. It must not keep its output open in what it starts.
    #[arg(long, value_name = "COMMAND", help_heading = "Hands")]
    restart_command: Option<String>,
    /// Control API of the simulated world behind the agent, as `muster sim` serves it: breaks the
    /// backend, counts, and lends a group that is failed over and back.
    #[arg(long, value_name = "URL", help_heading = "Hands")]
    control: Option<String>,
    /// A command of yours that has a hand on the backend: called as `COMMAND hooks` it prints the
    /// hooks that it has, one a line; then as `COMMAND restart`, `COMMAND harm HOOK` with
    /// ATK_OBJECT, ATK_TIMES and ATK_DELAY_MS in its environment, `COMMAND heal`, and
    /// `COMMAND count effects OPERATION`, `calls`, `contacts` or `snapshots GROUP`, which print a
    /// number.
    #[arg(long, value_name = "COMMAND", help_heading = "Hands")]
    hand_command: Option<String>,
    /// A group that is received here and may REALLY be failed over and back, with what runs on it
    /// powered off meanwhile, and its last writes are lost. Needs --peer.
    #[arg(long, value_name = "GROUP", requires = "peer", help_heading = "Hands")]
    lab: Option<ConsistencyGroupId>,
    /// Address of the agent of the other site; with --control it is found there.
    #[arg(long, value_name = "URL", help_heading = "Hands")]
    peer: Option<String>,
    /// File with the token that the peer's agent asks for.
    #[arg(long, value_name = "FILE", requires = "peer", help_heading = "Hands")]
    peer_token_file: Option<PathBuf>,
    /// The agent's log, in which no secret may be.
    #[arg(long, value_name = "FILE", help_heading = "Hands")]
    log_file: Option<PathBuf>,
}

impl Options {
    /// Opens them; the line is always there.
    pub(super) async fn open(&self, url: &str, reach: RemoteOptions) -> anyhow::Result<Hands> {
        let agent = RemoteSite::discover(url, reach.clone()).await.map_err(unusable)?;
        let line = BentLine::new(agent.site().clone(), url, reach.clone()).map_err(unusable)?;
        let agent = Arc::new(agent);
        let mut hands: Vec<Arc<dyn Hand>> = vec![Arc::new(line)];
        if let Some(command) = &self.restart_command {
            hands.push(Arc::new(CommandHand::restarting(command, agent.clone())));
        }
        if let Some(command) = &self.hand_command {
            let hand = CommandHand::open(command, agent.clone()).await;
            hands.push(Arc::new(hand.map_err(usage)?));
        }
        let peer = self.peer(&reach).await?;
        if let (Some(group), Some(peer)) = (&self.lab, &peer) {
            let (peer, group) = (peer.clone(), group.clone());
            hands.push(Arc::new(Lent(Lab { peer, group, locked: None })));
        }
        if let Some(control) = &self.control {
            hands.push(Arc::new(self.simulated(control, &*agent, peer, reach).await?));
        }
        if let Some(path) = &self.log_file {
            hands.push(Arc::new(Log(path.clone())));
        }
        Ok(Hands(hands))
    }

    async fn peer(&self, reach: &RemoteOptions) -> anyhow::Result<Option<Arc<dyn SiteAdapter>>> {
        let Some(url) = &self.peer else { return Ok(None) };
        let mut options = options(&reach.now, self.peer_token_file.as_deref())?;
        // One authority signs for both.
        options.ca_pem.clone_from(&reach.ca_pem);
        options.identity_pem.clone_from(&reach.identity_pem);
        let peer = RemoteSite::discover(url, options).await.map_err(unusable)?;
        Ok(Some(Arc::new(peer)))
    }

    /// A hand on the world behind the agent, with the first peer that a group has there.
    async fn simulated(
        &self,
        control: &str,
        agent: &dyn SiteAdapter,
        peer: Option<Arc<dyn SiteAdapter>>,
        reach: RemoteOptions,
    ) -> anyhow::Result<SimHand<SimClient>> {
        let world = SimClient::new(control)?;
        if !world.is_alive().await {
            let text = format!("no simulated world answers at {control}");
            return Err(Failure::error(Exit::CouldNotRun, text));
        }
        let hand = SimHand::new(world, agent.site().clone());
        let peer: Option<Arc<dyn SiteAdapter>> = match peer {
            Some(peer) => Some(peer),
            None => {
                let inventory = agent.inventory().await.map_err(|error| usage(error.message))?;
                let name = inventory.groups.first().map(|group| group.peer.clone());
                name.map(|name| {
                    let url = format!("{}/sites/{name}", control.trim_end_matches('/'));
                    let reach = RemoteOptions { token: None, ..reach };
                    RemoteSite::new(name, &url, reach).map_err(unusable)
                })
                .transpose()?
                .map(|site| Arc::new(site) as Arc<dyn SiteAdapter>)
            }
        };
        match peer {
            Some(peer) => hand.lending(agent, peer).await.map_err(usage),
            None => Ok(hand),
        }
    }
}

fn usage(why: impl Into<String>) -> anyhow::Error {
    Failure::error(Exit::Usage, why)
}

/// A group that was lent by name.
struct Lent(Lab);

#[async_trait]
impl Hand for Lent {
    fn hooks(&self) -> BTreeSet<Hook> {
        BTreeSet::from([Hook::Lab])
    }

    fn lab(&self) -> Option<Lab> {
        Some(self.0.clone())
    }
}

/// A log in a file.
struct Log(PathBuf);

#[async_trait]
impl Hand for Log {
    fn hooks(&self) -> BTreeSet<Hook> {
        BTreeSet::from([Hook::Log])
    }

    async fn log(&self) -> Result<String, String> {
        let path: &Path = &self.0;
        let bytes = tokio::fs::read(path).await;
        let bytes = bytes.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
