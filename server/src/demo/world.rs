//! The world's process: found if it lives, started if not.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

use super::Options;
use crate::sim::SimClient;

/// A running world.
#[derive(Debug)]
pub(super) struct World {
    /// Where it answers.
    pub(super) url: String,
    /// Its process, where this demo started it.
    child: Option<Child>,
    pid_file: PathBuf,
}

impl World {
    /// Finds the world of an earlier demo over the same folder, or starts one from its file.
    ///
    /// # Errors
    /// Where it does not start.
    pub(super) async fn find_or_start(options: &Options) -> anyhow::Result<World> {
        let url_file = options.data.join("sim.url");
        let pid_file = options.data.join("sim.pid");
        if let Some(url) = living(&url_file).await {
            return Ok(World { url, child: None, pid_file });
        }
        let _ = std::fs::remove_file(&url_file);
        let mut child = command(options, &url_file)?.spawn().context("the world does not start")?;
        let url = await_url(&url_file, &mut child).await?;
        if let Some(pid) = child.id() {
            super::files::write(&pid_file, &pid.to_string())?;
        }
        Ok(World { url, child: Some(child), pid_file })
    }

    /// Ends the world with the demo; its file stays.
    pub(super) async fn stop(mut self) {
        if let Ok(client) = SimClient::new(&self.url) {
            let _ = client.stop().await;
        }
        if let Some(child) = &mut self.child {
            let ended = tokio::time::timeout(Duration::from_secs(5), child.wait()).await;
            if ended.is_err() {
                let _ = child.kill().await;
            }
        }
        let _ = std::fs::remove_file(&self.pid_file);
    }
}

async fn living(url_file: &Path) -> Option<String> {
    let url = std::fs::read_to_string(url_file).ok()?.trim().to_owned();
    let client = SimClient::new(&url).ok()?;
    client.is_alive().await.then_some(url)
}

#[expect(clippy::disallowed_methods, reason = "the demo's world is a process of its own")]
fn command(options: &Options, url_file: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(options.data.join("sim.log"))
        .context("the world has no log")?;
    command
        .args(["sim", "--listen", "127.0.0.1:0", "--state"])
        .arg(options.data.join("world.json"))
        .args(["--vms", &options.vms.to_string()])
        .args(["--seed", &options.seed.to_string()])
        .args(["--speed", &options.speed.to_string()])
        .arg("--announce")
        .arg(url_file)
        .arg("--linger")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log);
    Ok(command)
}

async fn await_url(url_file: &Path, child: &mut Child) -> anyhow::Result<String> {
    for _ in 0..2_000 {
        if let Ok(url) = std::fs::read_to_string(url_file) {
            return Ok(url.trim().to_owned());
        }
        if let Some(status) = child.try_wait()? {
            bail!("the world ended with {status}; its log is sim.log");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("the world does not answer; its log is sim.log")
}
