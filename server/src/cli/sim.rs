//! `muster sim`: a world of its own, or what is done to one.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use muster_adapter_sim::{Fault, FaultId};
use muster_contract::OperationKind;
use serde_json::Value;

use super::client::Client;
use super::exit::{Exit, Failure};
use super::{Format, Server, output};
use crate::sim::{self, SimClient, What, WorldOptions};

/// A simulated world: run one (`--listen`), or break, heal and examine the one behind a server.
#[derive(Debug, Args)]
pub(crate) struct Sim {
    #[command(flatten)]
    server: Server,
    /// Speak to this world directly instead of through the server.
    #[arg(long, env = "MUSTER_SIM_URL", global = true)]
    sim_url: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
    /// Run a world, listening here.
    #[arg(long, default_value = "127.0.0.1:7979")]
    listen: SocketAddr,
    /// The world's file; it survives kill -9 with it.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Make the world from this description (JSON).
    #[arg(long, conflicts_with = "vms")]
    world: Option<PathBuf>,
    /// Make a demonstration world with so many VMs.
    #[arg(long, default_value_t = 60)]
    vms: u32,
    /// Its seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much faster than real time things take their time.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Write the address into this file when the world answers.
    #[arg(long)]
    announce: Option<PathBuf>,
    /// End some minutes after standard input was closed, unless somebody still asks.
    #[arg(long)]
    linger: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Break something.
    Break(Target),
    /// Heal it.
    Heal(Target),
    /// What really happened: acknowledged, lost and diverged writes, writers, effects by operation,
    /// leftovers of tests, violations.
    Truth,
}

#[derive(Debug, Args)]
struct Target {
    /// What.
    #[arg(value_enum)]
    what: Kind,
    /// Its name; of a link both ends, `paris/lyon`; of a backend its site.
    #[arg(default_value = "")]
    name: String,
    /// For a backend: the fault, F1 to F18.
    #[arg(long)]
    fault: Option<String>,
    /// For a backend: only operations of this kind, such as power-on.
    #[arg(long)]
    operation: Option<String>,
    /// For a backend: how often the fault strikes; always if left out.
    #[arg(long)]
    times: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Site,
    Host,
    Link,
    Array,
    Witness,
    Backend,
    ServerLink,
}

impl Sim {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        match &self.command {
            None => self.run_world().await,
            Some(Command::Break(target)) => self.change("break", target).await,
            Some(Command::Heal(target)) => self.change("heal", target).await,
            Some(Command::Truth) => self.truth().await,
        }
    }

    async fn run_world(self) -> anyhow::Result<Exit> {
        crate::logging::install();
        let Some(state) = self.state else {
            return Err(Failure::error(Exit::Usage, "say where the world is kept: --state FILE"));
        };
        let options = WorldOptions {
            listen: self.listen,
            state,
            world: self.world,
            vms: self.vms,
            seed: self.seed,
            speed: self.speed,
            announce: self.announce,
            linger: self.linger,
        };
        sim::run(options).await?;
        Ok(Exit::Done)
    }

    async fn change(&self, verb: &str, target: &Target) -> anyhow::Result<Exit> {
        let body = serde_json::to_value(target.what()?)?;
        let answer: Value = match &self.sim_url {
            Some(url) => SimClient::new(url)?.change(verb, &body).await?,
            None => Client::new(&self.server)?.post(&format!("/sim/{verb}"), &body).await?,
        };
        match self.server.output {
            Format::Json => output::json(&answer)?,
            Format::Table => {
                let what = answer["done"].as_str().unwrap_or("done");
                output::line(&format!(
                    "{} {what}",
                    if verb == "break" { "broken:" } else { "healed:" }
                ));
            }
        }
        Ok(Exit::Done)
    }

    async fn truth(&self) -> anyhow::Result<Exit> {
        let truth: Value = match &self.sim_url {
            Some(url) => SimClient::new(url)?.truth().await?,
            None => Client::new(&self.server)?.get("/sim/truth").await?,
        };
        if self.server.output == Format::Json {
            output::json(&truth)?;
            return Ok(Exit::Done);
        }
        let count = |name: &str| match &truth[name] {
            Value::Array(items) => items.len().to_string(),
            Value::Object(fields) => fields.len().to_string(),
            other => other.to_string(),
        };
        for name in
            ["acknowledged", "lost", "diverged", "writers", "effects", "leftovers", "violations"]
        {
            output::line(&format!("{name:<14} {}", count(name)));
        }
        for violation in truth["violations"].as_array().into_iter().flatten() {
            output::line(&format!("  {}", violation["what"].as_str().unwrap_or_default()));
        }
        Ok(Exit::Done)
    }
}

impl Target {
    fn what(&self) -> anyhow::Result<What> {
        let what = self.what.to_possible_value().map(|v| v.get_name().to_owned());
        let fault = match (&self.fault, self.what) {
            (Some(id), Kind::Backend) => Some(self.fault_of(id)?),
            _ => None,
        };
        Ok(What { what: what.unwrap_or_default(), name: self.name.clone(), fault })
    }

    fn fault_of(&self, id: &str) -> anyhow::Result<Fault> {
        let bad = |what: &str, value: &str| {
            Failure::error(Exit::Usage, format!("`{value}` is no {what}"))
        };
        let id: FaultId = serde_json::from_value(Value::from(id.to_uppercase()))
            .map_err(|_| bad("fault; name one of F1 to F18", id))?;
        let mut fault = Fault::at(id, self.name.as_str());
        if let Some(operation) = &self.operation {
            let kind: OperationKind = serde_json::from_value(Value::from(operation.as_str()))
                .map_err(|_| {
                    bad(&format!("kind of operation; name one of {}", kinds()), operation)
                })?;
            fault.kind = Some(kind);
        }
        fault.times = self.times;
        Ok(fault)
    }
}

/// Names of all kinds of operation, as they are written.
fn kinds() -> String {
    let names = OperationKind::ALL.iter().filter_map(|kind| serde_json::to_value(kind).ok());
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>().join(", ")
}
