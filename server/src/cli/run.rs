//! `muster run`: start, watch, answer.

mod approve;
mod follow;
mod show;

use clap::{Args, Subcommand};
use serde_json::json;

use super::client::Client;
use super::exit::Exit;
use super::{Format, Server, output};
use crate::api::dto::{RunDto, StartKind, StartRun};

/// Runs of recovery plans.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a run of a plan.
    Start(Start),
    /// Follow a run until it ends or waits for a person. Ctrl-C detaches; the run goes on.
    Watch {
        /// The run.
        run: String,
    },
    /// List runs, newest first.
    List {
        /// Only those of this plan.
        #[arg(long)]
        plan: Option<String>,
    },
    /// Show a run and its steps.
    Show {
        /// The run.
        run: String,
    },
    /// Ask a run to stop: what is under way is finished first; before the pivot everything is
    /// undone, after it the run waits.
    Cancel {
        /// The run.
        run: String,
        /// Why; stands in the journal.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Answer what a run waits for.
    Answer(AnswerArgs),
    /// Ask other persons to approve a failover, as it would be started now.
    Request(What),
    /// List what was to be approved, newest first.
    Approvals {
        /// Only those of this plan.
        #[arg(long)]
        plan: Option<String>,
    },
    /// Approve what somebody else asked for: exactly its graph, and no other.
    Approve {
        /// The approval.
        id: String,
        /// Digest of the graph that you have read; left out: the one that is printed.
        #[arg(long)]
        digest: Option<String>,
        /// Why; stands in the audit trail.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Let a halted run go on: failed steps get a new attempt, done ones stay done. After a failover
    /// that owes steps to a site, start what is owed.
    Resume {
        /// The run.
        run: String,
        /// Why; stands in the journal.
        #[arg(long)]
        reason: Option<String>,
        /// Wait until it ends.
        #[arg(long)]
        wait: bool,
    },
}

#[derive(Debug, Args)]
struct Start {
    #[command(flatten)]
    what: What,
    /// Wait until it ends or waits for a person.
    #[arg(long)]
    wait: bool,
}

/// What is started.
#[derive(Debug, Args)]
struct What {
    /// The plan.
    plan: String,
    /// What to start.
    #[arg(long, value_enum)]
    kind: StartKind,
    /// Failover: try no step at the failed site.
    #[arg(long)]
    forced: bool,
    /// Failover: your word, with the reason, that the protected side cannot write. It is recorded
    /// under your name.
    #[arg(long, value_name = "REASON")]
    attest: Option<String>,
    /// Failover: recover its consistency group to this point instead of the newest.
    #[arg(long, value_name = "ID")]
    recovery_point: Option<String>,
    /// Failover: go on although a recovery point is older than the plan's RPO.
    #[arg(long)]
    accept_data_loss: bool,
    /// Failover: go on although the protected site is seen alive. Evidence is needed all the same.
    #[arg(long)]
    accept_live_source: bool,
    /// Planned migration: restart every VM instead of moving eligible ones live.
    #[arg(long)]
    no_live: bool,
    /// Start only the graph with this digest (`muster plan graph --output json`), and no other.
    #[arg(long, value_name = "DIGEST")]
    expect_digest: Option<String>,
    /// Why; stands in the journal.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
struct AnswerArgs {
    /// The run.
    run: String,
    /// The step; may be left out where the run waits for one thing only.
    #[arg(long)]
    step: Option<u32>,
    /// Go on (a prompt).
    #[arg(long, group = "what")]
    go_on: bool,
    /// Do not go on: the step counts as failed (a prompt).
    #[arg(long, group = "what")]
    abort: bool,
    /// Your word that the site which the gate asks about cannot write.
    #[arg(long, group = "what", value_name = "SITE")]
    attest: Option<String>,
    /// Say what became of a step: done, skip, retry or fail.
    #[arg(long, group = "what", value_name = "VERDICT")]
    rule: Option<String>,
    /// Why; needed for --attest and --rule.
    #[arg(long)]
    reason: Option<String>,
}

impl Run {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        match self.command {
            Command::Start(start) => start.run(&client).await,
            Command::Watch { run } => follow::until_rest(&client, &run).await,
            Command::List { plan } => show::list(&client, plan.as_deref()).await,
            Command::Show { run } => show::one(&client, &run).await,
            Command::Cancel { run, reason } => {
                let path = format!("/runs/{run}/cancel");
                let run: RunDto = client.post(&path, &json!({"reason": reason})).await?;
                show::brief(&client, &run)
            }
            Command::Answer(answer) => answer.run(&client).await,
            Command::Request(what) => approve::request(&client, &what.wish()).await,
            Command::Approvals { plan } => approve::list(&client, plan.as_deref()).await,
            Command::Approve { id, digest, reason } => {
                approve::give(&client, &id, digest, reason).await
            }
            Command::Resume { run, reason, wait } => {
                let path = format!("/runs/{run}/resume");
                let run: RunDto = client.post(&path, &json!({"reason": reason})).await?;
                finish(&client, run, wait).await
            }
        }
    }
}

impl What {
    fn wish(self) -> StartRun {
        StartRun {
            plan: self.plan,
            kind: self.kind,
            forced: self.forced,
            attest: self.attest,
            recovery_point: self.recovery_point,
            accept_data_loss: self.accept_data_loss,
            accept_live_source: self.accept_live_source,
            no_live: self.no_live,
            expected_digest: self.expect_digest,
            reason: self.reason,
        }
    }
}

impl Start {
    async fn run(self, client: &Client) -> anyhow::Result<Exit> {
        let request = self.what.wish();
        let run: RunDto = client.post_once("/runs", &serde_json::to_value(&request)?).await?;
        finish(client, run, self.wait).await
    }
}

async fn finish(client: &Client, run: RunDto, wait: bool) -> anyhow::Result<Exit> {
    if !wait {
        return show::brief(client, &run);
    }
    if client.format == Format::Table {
        output::say(&format!("run {} of {}: {}", run.id, run.plan, run.kind));
    }
    match run.chain {
        Some(chain) => follow::chain(client, &chain).await,
        None => follow::until_rest(client, &run.id).await,
    }
}

impl AnswerArgs {
    async fn run(self, client: &Client) -> anyhow::Result<Exit> {
        let (path, body) = match (&self.attest, &self.rule) {
            (Some(site), _) => {
                ("attest", json!({"site": site, "reason": self.reason.unwrap_or_default()}))
            }
            (None, Some(verdict)) => {
                let step = self.step_of(client, "unknown").await?;
                let reason = self.reason.clone().unwrap_or_default();
                ("rule", json!({"step": step, "verdict": verdict, "reason": reason}))
            }
            (None, None) => {
                let step = self.step_of(client, "prompt").await?;
                ("answer", json!({"step": step, "goOn": !self.abort, "reason": self.reason}))
            }
        };
        let run: RunDto = client.post(&format!("/runs/{}/{path}", self.run), &body).await?;
        show::brief(client, &run)
    }

    /// The step that was named, or the only one that waits.
    async fn step_of(&self, client: &Client, kind: &str) -> anyhow::Result<u32> {
        if let Some(step) = self.step {
            return Ok(step);
        }
        let run: RunDto = client.get(&format!("/runs/{}", self.run)).await?;
        let waiting: Vec<_> = run.waiting.iter().filter(|w| w.kind == kind).collect();
        match waiting.as_slice() {
            [one] => Ok(one.step),
            [] => Err(super::exit::Failure::error(
                Exit::Usage,
                format!("run {} waits for no {kind}; name the step with --step", self.run),
            )),
            many => {
                let steps: Vec<String> =
                    many.iter().map(|w| format!("  --step {}  {}", w.step, w.text)).collect();
                Err(super::exit::Failure::error(
                    Exit::Usage,
                    format!("run {} waits for several; name one:\n{}", self.run, steps.join("\n")),
                ))
            }
        }
    }
}
