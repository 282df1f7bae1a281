//! Runs as tables and JSON.

use super::super::client::Client;
use super::super::exit::Exit;
use super::super::{Format, output};
use crate::api::dto::{RunDto, StepDto};

/// How the state of a run ends a command.
pub(super) fn exit_of(run: &RunDto) -> Exit {
    match run.state.as_str() {
        "succeeded" => Exit::Done,
        _ if run.ended => Exit::Problems,
        _ if !run.waiting.is_empty() => Exit::Waiting,
        _ => Exit::Done,
    }
}

/// A run in a few lines.
pub(super) fn brief(client: &Client, run: &RunDto) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        output::json(run)?;
        return Ok(Exit::Done);
    }
    output::line(&format!("{}  {} {}  {}", run.id, run.plan, run.kind, run.state));
    Ok(Exit::Done)
}

/// Everything that a person wants to know at the end of a run.
pub(super) fn summary(client: &Client, run: &RunDto) -> anyhow::Result<()> {
    if client.format == Format::Json {
        return output::json(run);
    }
    let seconds = run.elapsed_ms as f64 / 1000.0;
    output::line(&format!(
        "{}  {} {}  {} after {seconds:.1} s",
        run.id, run.plan, run.kind, run.state
    ));
    if let Some(cause) = &run.cause {
        output::line(&format!("  why: {cause}"));
    }
    for warning in &run.warnings {
        output::line(&format!("  warning: {warning}"));
    }
    for owed in &run.owed {
        output::line(&format!("  owed: {owed}"));
    }
    for waiting in &run.waiting {
        output::line(&format!(
            "  waits (step {}, {}): {}",
            waiting.step, waiting.kind, waiting.text
        ));
    }
    if run.waiting.iter().any(|w| w.kind == "prompt") {
        output::line(&format!("  answer with: muster run answer {} --go-on", run.id));
    }
    Ok(())
}

/// `muster run list`.
pub(super) async fn list(client: &Client, plan: Option<&str>) -> anyhow::Result<Exit> {
    let path = plan.map_or_else(|| "/runs".to_owned(), |plan| format!("/runs?plan={plan}"));
    let runs: Vec<RunDto> = client.list(&path).await?;
    if client.format == Format::Json {
        output::json(&runs)?;
        return Ok(Exit::Done);
    }
    output::table(
        &["run", "plan", "kind", "state", "started", "by", "took"],
        runs.iter().map(|run| {
            vec![
                run.id.clone(),
                run.plan.clone(),
                run.kind.clone(),
                run.state.clone(),
                run.started_at.clone(),
                run.started_by.clone(),
                format!("{:.1} s", run.elapsed_ms as f64 / 1000.0),
            ]
        }),
    );
    Ok(Exit::Done)
}

/// `muster run show`.
pub(super) async fn one(client: &Client, id: &str) -> anyhow::Result<Exit> {
    let run: RunDto = client.get(&format!("/runs/{id}")).await?;
    let steps: Vec<StepDto> = client.list(&format!("/runs/{id}/steps")).await?;
    if client.format == Format::Json {
        output::json(&serde_json::json!({"run": run, "steps": steps}))?;
        return Ok(exit_of(&run));
    }
    summary(client, &run)?;
    output::table(
        &["step", "phase", "what", "state", "tries", "message"],
        steps.iter().map(|step| {
            vec![
                step.step.to_string(),
                step.phase.clone(),
                step.title.clone(),
                step.state.clone(),
                step.attempts.to_string(),
                step.message.clone().unwrap_or_default(),
            ]
        }),
    );
    Ok(exit_of(&run))
}
