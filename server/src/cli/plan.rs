//! `muster plan`: check, graph, explain, list, show.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use muster_plans::finding::Finding;
use muster_plans::load::load_and_check;
use muster_plans::render;
use muster_plans::source::SourceFile;

use super::client::Client;
use super::exit::Exit;
use super::{Format, Server, apply, output};
use crate::api::dto::{GraphDto, PlanDto, ReadinessDto, RebuiltDto, StartKind};
use crate::view::word;

/// Recovery plans.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check documents without a server: every finding at once, with file, line and column.
    Check {
        /// Files, or folders whose *.yaml and *.yml files are taken.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// How to print findings.
        #[arg(long, value_enum, default_value_t = FindingFormat::Text)]
        format: FindingFormat,
    },
    /// Print the step graph that a run of a kind would execute now.
    Graph {
        /// The plan.
        plan: String,
        /// The kind.
        #[arg(long, value_enum)]
        kind: StartKind,
        /// Failover: try no step at the failed site.
        #[arg(long)]
        forced: bool,
        /// Print Graphviz's language.
        #[arg(long)]
        dot: bool,
    },
    /// Say why a VM is in a plan, in which order, how it moves, and what was refused.
    Explain {
        /// The plan.
        plan: String,
        /// The VM's name.
        #[arg(long)]
        vm: String,
    },
    /// Make a recovery final before its commit window ends. Nobody can go back after it.
    Commit {
        /// The plan.
        plan: String,
        /// Why; stands in the audit trail.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Set a plan against what its sites hold now, where it stands elsewhere: the storage is right, and a
    /// halted run that cannot have led there is given up. Look at the sites first.
    Rebuild {
        /// The plan.
        plan: String,
        /// What you have looked at; stands in the audit trail.
        #[arg(long)]
        reason: String,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// List plans and where they stand.
    List,
    /// Show a plan: its state, what may be started, and whether it would work now.
    Show {
        /// The plan.
        plan: String,
    },
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FindingFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For code scanners.
    Sarif,
    /// For GitHub's annotations.
    Github,
}

impl Plan {
    /// Whether no server is needed.
    pub(crate) fn is_offline(&self) -> bool {
        matches!(self.command, Command::Check { .. })
    }

    /// What needs no server.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(crate) fn run_offline(self) -> anyhow::Result<Exit> {
        let Command::Check { files, format } = self.command else { return Ok(Exit::Usage) };
        let files: Vec<SourceFile> = apply::read_all(&files)?
            .into_iter()
            .map(|(name, text)| SourceFile::new(name, text))
            .collect();
        let loaded = load_and_check(&files);
        let json = self.server.output == Format::Json;
        let format = if json { FindingFormat::Json } else { format };
        print_findings(&loaded.findings, format)?;
        if format == FindingFormat::Text && loaded.findings.is_empty() {
            output::line(&format!("{} documents, no findings", loaded.documents.len()));
        }
        let wrong = loaded.findings.iter().any(Finding::is_error);
        Ok(if wrong { Exit::Usage } else { Exit::Done })
    }

    /// What needs one.
    ///
    /// # Errors
    /// The server's problem report.
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        match self.command {
            Command::Check { .. } => Ok(Exit::Usage),
            Command::Graph { plan, kind, forced, dot } => {
                graph(&client, &plan, kind, forced, dot).await
            }
            Command::Explain { plan, vm } => explain(&client, &plan, &vm).await,
            Command::Commit { plan, reason } => {
                let body = serde_json::json!({"reason": reason});
                let plan: PlanDto = client.post(&format!("/plans/{plan}/commit"), &body).await?;
                print_plan(&client, &plan)?;
                Ok(Exit::Done)
            }
            Command::Rebuild { plan, reason, dry_run } => {
                let body = serde_json::json!({"reason": reason, "dryRun": dry_run});
                rebuilt(&client, &client.post(&format!("/plans/{plan}/rebuild"), &body).await?)
            }
            Command::List => list(&client).await,
            Command::Show { plan } => show(&client, &plan).await,
        }
    }
}

/// A site that did not answer is a problem to look after.
fn rebuilt(client: &Client, rebuilt: &RebuiltDto) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        output::json(rebuilt)?;
    } else {
        let name = &rebuilt.plan;
        match (rebuilt.contradictions.is_empty(), rebuilt.dry_run) {
            (true, _) => output::line(&format!("plan {name} stands where its storage says")),
            (false, true) => output::line("nothing was changed; this would be:"),
            (false, false) => output::line(&format!("plan {name} was set to what its sites hold")),
        }
        super::server::contradictions(&rebuilt.contradictions);
        for site in &rebuilt.silent {
            output::line(&format!("  {site} did not answer: what it holds is not known"));
        }
    }
    Ok(if rebuilt.silent.is_empty() { Exit::Done } else { Exit::Problems })
}

fn print_findings(findings: &[Finding], format: FindingFormat) -> anyhow::Result<()> {
    match format {
        FindingFormat::Text if findings.is_empty() => {}
        FindingFormat::Text => {
            output::line(&render::text(findings));
            output::line(&render::summary(findings));
        }
        FindingFormat::Json => output::json(&render::to_json(findings))?,
        FindingFormat::Sarif => output::json(&render::sarif(findings))?,
        FindingFormat::Github => output::line(&render::github(findings)),
    }
    Ok(())
}

async fn graph(
    client: &Client,
    plan: &str,
    kind: StartKind,
    forced: bool,
    dot: bool,
) -> anyhow::Result<Exit> {
    let kind = word(&kind);
    let form = if dot { "&form=dot" } else { "" };
    let path = format!("/plans/{plan}/graph?kind={kind}&forced={forced}{form}");
    let graph: GraphDto = client.get(&path).await?;
    match client.format {
        Format::Json => output::json(&graph)?,
        Format::Table => output::line(&graph.text),
    }
    Ok(Exit::Done)
}

async fn explain(client: &Client, plan: &str, vm: &str) -> anyhow::Result<Exit> {
    let answer: serde_json::Value = client.get(&format!("/plans/{plan}/explain?vm={vm}")).await?;
    match client.format {
        Format::Json => output::json(&answer)?,
        Format::Table => output::line(answer["text"].as_str().unwrap_or_default()),
    }
    Ok(Exit::Done)
}

async fn list(client: &Client) -> anyhow::Result<Exit> {
    let plans: Vec<PlanDto> = client.list("/plans").await?;
    if client.format == Format::Json {
        output::json(&plans)?;
        return Ok(Exit::Done);
    }
    output::table(
        &["plan", "from", "to", "vms", "phase", "srm status", "conditions"],
        plans.iter().map(|plan| {
            vec![
                plan.name.clone(),
                plan.from.join(", "),
                plan.to.clone(),
                plan.vms.to_string(),
                plan.phase.clone(),
                plan.srm_status.clone(),
                plan.conditions.join(", "),
            ]
        }),
    );
    Ok(Exit::Done)
}

async fn show(client: &Client, name: &str) -> anyhow::Result<Exit> {
    let plan: PlanDto = client.get(&format!("/plans/{name}")).await?;
    print_plan(client, &plan)?;
    if client.format == Format::Json {
        return Ok(Exit::Done);
    }
    for action in &plan.actions {
        match &action.refusal {
            None => print_readiness(client, name, &action.kind).await?,
            Some(refusal) => output::line(&format!("  {:<10} no: {refusal}", action.kind)),
        }
    }
    Ok(Exit::Done)
}

/// A plan and where it stands.
fn print_plan(client: &Client, plan: &PlanDto) -> anyhow::Result<()> {
    if client.format == Format::Json {
        return output::json(plan);
    }
    output::line(&format!(
        "{}: {} -> {}, {} VMs, {} ({})",
        plan.name,
        plan.from.join(", "),
        plan.to,
        plan.vms,
        plan.phase,
        plan.srm_status
    ));
    for condition in &plan.conditions {
        output::line(&format!("  {condition}"));
    }
    if let Some(found) = &plan.contradiction {
        let name = &plan.name;
        output::line(&format!("  its storage says otherwise: {}", found.then));
        output::line(&format!(
            "  look at both sites, then: muster plan rebuild {name} --reason TEXT"
        ));
    }
    if plan.commit.allowed {
        let when = plan
            .commit_at
            .as_ref()
            .map_or_else(|| "by hand only".to_owned(), |at| format!("by itself at {at}"));
        let name = &plan.name;
        output::line(&format!("  becomes final {when}, or now: muster plan commit {name}"));
    }
    if plan.approvals > 0 {
        output::line(&format!("  a failover takes {} approvals of other persons", plan.approvals));
    }
    Ok(())
}

/// Errors that are shown of one kind of run; `muster run start` tells them all.
const FINDINGS: usize = 3;

async fn print_readiness(client: &Client, plan: &str, kind: &str) -> anyhow::Result<()> {
    let path = format!("/plans/{plan}/readiness?kind={kind}");
    let readiness: ReadinessDto = client.get(&path).await?;
    let forecast = readiness
        .forecast
        .map(|f| format!(", about {} s", f.makespan_ms.div_ceil(1000)))
        .unwrap_or_default();
    let verdict = if readiness.ready { "ready" } else { "not ready" };
    output::line(&format!("  {kind:<10} {verdict}: {} steps{forecast}", readiness.steps));
    for refusal in &readiness.refusals {
        output::line(&format!("             {refusal}"));
    }
    if !readiness.ready {
        let errors: Vec<_> = readiness.findings.iter().filter(|f| f.severity == "error").collect();
        for finding in errors.iter().take(FINDINGS) {
            output::line(&format!("             - {}", finding.message));
        }
        if errors.len() > FINDINGS {
            output::line(&format!("             - and {} more", errors.len() - FINDINGS));
        }
    }
    Ok(())
}
