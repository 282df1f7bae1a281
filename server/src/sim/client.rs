//! Speaks to a world's control API.

use std::time::Duration;

use anyhow::Context;
use muster_adapter_sim::Command;
use serde_json::Value;

/// A world's control API.
#[derive(Debug, Clone)]
pub struct SimClient {
    http: reqwest::Client,
    base: String,
}

impl SimClient {
    /// A world at an address.
    ///
    /// # Errors
    /// Where no client can be made.
    pub fn new(url: &str) -> anyhow::Result<SimClient> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(SimClient { http, base: url.trim_end_matches('/').to_owned() })
    }

    /// Whether it answers.
    pub async fn is_alive(&self) -> bool {
        let request = self.http.get(format!("{}/control/health", self.base));
        request.timeout(Duration::from_secs(2)).send().await.is_ok_and(|r| r.status().is_success())
    }

    /// Breaks or heals something: `verb` is `break` or `heal`.
    ///
    /// # Errors
    /// What the world says against it.
    pub async fn change(&self, verb: &str, what: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}/control/{verb}", self.base)).json(what);
        answer(request.send().await.context("the world does not answer")?).await
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// What the world says against it.
    pub async fn command(&self, command: &Command) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}/control/command", self.base)).json(command);
        answer(request.send().await.context("the world does not answer")?).await?;
        Ok(())
    }

    /// The ground truth.
    ///
    /// # Errors
    /// Where the world does not answer.
    pub async fn truth(&self) -> anyhow::Result<Value> {
        self.get("truth").await
    }

    /// How much was asked since the world's process was started.
    ///
    /// # Errors
    /// Where the world does not answer.
    pub async fn calls(&self) -> anyhow::Result<Value> {
        self.get("calls").await
    }

    async fn get(&self, what: &str) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}/control/{what}", self.base));
        answer(request.send().await.context("the world does not answer")?).await
    }

    /// Ends it.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.http.post(format!("{}/control/stop", self.base)).send().await?;
        Ok(())
    }
}

async fn answer(response: reqwest::Response) -> anyhow::Result<Value> {
    let status = response.status();
    let body: Value = response.json().await.context("the world's answer is no JSON")?;
    if !status.is_success() {
        anyhow::bail!("{}", body["detail"].as_str().unwrap_or("the world refuses"));
    }
    Ok(body)
}
