//! A world's control API as the conformance kit's hand uses it.

use async_trait::async_trait;
use muster_adapter_sim::{Calls, Command, Console, Truth};

use super::SimClient;

#[async_trait]
impl Console for SimClient {
    async fn control(&self, command: Command) -> Result<(), String> {
        self.command(&command).await.map_err(|error| format!("{error:#}"))
    }

    async fn truth(&self) -> Result<Truth, String> {
        let truth = SimClient::truth(self).await.map_err(|error| format!("{error:#}"))?;
        serde_json::from_value(truth).map_err(|error| error.to_string())
    }

    async fn calls(&self) -> Result<Calls, String> {
        let calls = SimClient::calls(self).await.map_err(|error| format!("{error:#}"))?;
        serde_json::from_value(calls).map_err(|error| error.to_string())
    }
}
