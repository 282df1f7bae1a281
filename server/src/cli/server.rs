//! `muster server`: the server itself.

use clap::{Args, Subcommand};
use serde_json::json;

use super::client::Client;
use super::exit::Exit;
use super::{Format, Server, output};
use crate::api::dto::{ContradictionDto, ReleasedDto, ServerDto};

/// The server itself.
#[derive(Debug, Args)]
pub(crate) struct TheServer {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show its version and whether it holds. Exit code 5 while it holds.
    Show,
    /// Let it go on after its database was restored. Look at every site first.
    Release {
        /// What you have looked at; stands in the audit trail.
        #[arg(long)]
        reason: String,
        /// A site that does not answer, and that you know to be off. May be given more than once.
        #[arg(long, value_name = "SITE")]
        without: Vec<String>,
    },
}

impl TheServer {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        match self.command {
            Command::Show => show(&client, &client.get("/server").await?),
            Command::Release { reason, without } => {
                let path = "/server/hold/release";
                released(
                    &client,
                    &client.post(path, &json!({"reason": reason, "without": without})).await?,
                )
            }
        }
    }
}

fn show(client: &Client, server: &ServerDto) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        output::json(server)?;
    } else {
        output::line(&format!("muster {}, incarnation {}", server.version, server.incarnation));
        if let Some(why) = &server.why {
            output::line(&format!("on hold: {why}"));
        }
        contradictions(&server.contradictions);
    }
    Ok(if server.on_hold { Exit::Waiting } else { Exit::Done })
}

/// A site that was not read is a problem to look after, not a refusal.
fn released(client: &Client, released: &ReleasedDto) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        output::json(released)?;
    } else {
        output::line("the server goes on");
        for site in &released.sites {
            output::line(&format!("  {}: {}", site.site, site.message));
        }
        contradictions(&released.contradictions);
    }
    let all = released.sites.iter().all(|site| site.read);
    Ok(if all { Exit::Done } else { Exit::Problems })
}

/// What the database said and the storage does not.
pub(super) fn contradictions(all: &[ContradictionDto]) {
    for one in all {
        output::line(&format!(
            "plan {} and its storage contradict each other; {}",
            one.plan, one.then
        ));
        for says in &one.says {
            output::line(&format!("  {says}"));
        }
    }
}
