//! Follows a run until it ends or waits for a person.

use std::future::Future;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::Format;
use super::super::client::Client;
use super::super::exit::Exit;
use super::show;
use crate::api::dto::{ChainDto, RunDto};

/// A server that is being restarted is waited for this many times, half a second apart: the run goes
/// on by itself when it is back.
const PATIENCE: u32 = 240;

/// Follows one run; prints how it came to rest.
pub(super) async fn until_rest(client: &Client, id: &str) -> anyhow::Result<Exit> {
    let run = rest(client, id).await?;
    show::summary(client, &run)?;
    Ok(show::exit_of(&run))
}

/// Follows a failback: its runs one after the other, until one of them rests or all have ended.
pub(super) async fn chain(client: &Client, id: &str) -> anyhow::Result<Exit> {
    let path = format!("/chains/{id}");
    let mut shown = 0;
    loop {
        let chain: ChainDto = patiently(|| client.get(&path)).await?;
        for run in chain.runs.iter().skip(shown) {
            let run = rest(client, &run.id).await?;
            if client.format == Format::Table {
                show::summary(client, &run)?;
            }
            shown += 1;
            if show::exit_of(&run) != Exit::Done {
                return end_of_chain(client, &path, show::exit_of(&run)).await;
            }
        }
        // The last run may have ended after the chain was read; what counts is its end.
        if chain.state != "running" && shown == chain.runs.len() {
            let exit = if chain.state == "succeeded" { Exit::Done } else { Exit::Refused };
            return end_of_chain(client, &path, exit).await;
        }
        pause().await;
    }
}

async fn end_of_chain(client: &Client, path: &str, exit: Exit) -> anyhow::Result<Exit> {
    let chain: ChainDto = patiently(|| client.get(path)).await?;
    if client.format == Format::Json {
        super::output::json(&chain)?;
    } else if exit == Exit::Refused {
        super::output::line(&format!("the failback stops: {}", chain.state));
    }
    Ok(exit)
}

/// A gate opens by itself as soon as a witness has answered twice: only one that has stood closed for so many
/// looks waits for a person.
const LOOKS: u32 = 10;

async fn rest(client: &Client, id: &str) -> anyhow::Result<RunDto> {
    let bar = bar(client.format);
    let mut looks = 0;
    loop {
        let path = format!("/runs/{id}");
        let run: RunDto = patiently(|| client.get(&path)).await?;
        bar.set_position((run.progress * 1000.0) as u64);
        bar.set_message(describe(&run));
        looks = if run.waiting.is_empty() { 0 } else { looks + 1 };
        let asks = run.waiting.iter().any(|waiting| waiting.kind == "prompt");
        if run.ended || asks || looks >= LOOKS {
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
