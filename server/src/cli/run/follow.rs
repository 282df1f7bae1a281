//! Follows a run until it ends or waits for a person.

use std::future::Future;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::Format;
use super::super::client::Client;
use super::super::exit::Exit;
use super::show;
use crate::api::dto::RunDto;

/// A server that is being restarted is waited for this many times, half a second apart: the run goes
/// on by itself when it is back.
const PATIENCE: u32 = 240;

/// Follows one run; prints how it came to rest.
pub(super) async fn until_rest(client: &Client, id: &str) -> anyhow::Result<Exit> {
    let run = rest(client, id).await?;
    show::summary(client, &run)?;
    Ok(show::exit_of(&run))
}

/// Follows a failback: its runs one after the other.
pub(super) async fn chain(client: &Client, chain: &str) -> anyhow::Result<Exit> {
    let mut runs: Vec<RunDto> = Vec::new();
    loop {
        let path = format!("/runs?chain={chain}");
        let mut ordered: Vec<RunDto> = patiently(|| client.list(&path)).await?;
        ordered.reverse();
        for run in &ordered {
            if runs.iter().any(|known| known.id == run.id) {
                continue;
            }
            let run = rest(client, &run.id).await?;
            if client.format == Format::Table {
                show::summary(client, &run)?;
            }
            if show::exit_of(&run) != Exit::Done {
                return end_of_chain(client, &[run]);
            }
            runs.push(run);
        }
        if runs.len() >= crate::ops::FAILBACK_STAGES {
            return end_of_chain(client, &runs);
        }
        pause().await;
    }
}

fn end_of_chain(client: &Client, runs: &[RunDto]) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        super::output::json(&runs)?;
    }
    Ok(runs.last().map_or(Exit::Done, show::exit_of))
}

async fn rest(client: &Client, id: &str) -> anyhow::Result<RunDto> {
    let bar = bar(client.format);
    loop {
        let path = format!("/runs/{id}");
        let run: RunDto = patiently(|| client.get(&path)).await?;
        bar.set_position((run.progress * 1000.0) as u64);
        bar.set_message(describe(&run));
        if run.ended || !run.waiting.is_empty() {
            bar.finish_and_clear();
            return Ok(run);
        }
        pause().await;
    }
}

fn bar(format: Format) -> ProgressBar {
    if format == Format::Json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(1000);
    if let Ok(style) = ProgressStyle::with_template("{elapsed:>5} [{bar:40}] {percent:>3} % {msg}")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn describe(run: &RunDto) -> String {
    let phase = run.phases.iter().find(|p| p.running > 0).map(|p| p.name.as_str());
    let left = run.remaining_ms.map(|ms| format!(", about {} s left", ms / 1000));
    format!("{}{}", phase.unwrap_or(run.state.as_str()), left.unwrap_or_default())
}

/// Repeats a request while the server is away.
async fn patiently<T, F>(mut request: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let mut tries = 0;
    loop {
        match request().await {
            Err(error) if tries < PATIENCE && is_absent(&error) => tries += 1,
            answer => return answer,
        }
        pause().await;
    }
}

fn is_absent(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<super::super::exit::Failure>()
        .is_none_or(|failure| failure.exit == Exit::CouldNotRun)
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(250)).await;
}
