//! Redfish.

use std::time::Duration;

use serde_json::json;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::http::Http;
use super::{Look, said};
use crate::config::RedfishConfig;
use crate::error::Error;

const SYSTEMS: &str = "/redfish/v1/Systems";

/// One BMC.
pub(crate) struct Redfish {
    http: Http,
    system: OnceCell<String>,
    uuid: Option<Uuid>,
}

impl Redfish {
    pub(super) fn new(config: &RedfishConfig, answer: Duration) -> Result<Redfish, String> {
        let system = OnceCell::new_with(config.system.clone());
        Ok(Redfish { http: Http::new(config, answer)?, system, uuid: config.uuid })
    }

    pub(super) async fn look(&self) -> Result<Look, Error> {
        let find = async || said::only(self.http.get(SYSTEMS).await?);
        let system = self.system.get_or_try_init(find).await?;
        said::system(self.http.get(system).await?, self.uuid)
    }

    pub(super) async fn tell(&self, reset: &str) -> Result<(), Error> {
        self.http.post(reset, &json!({ "ResetType": said::FORCE_OFF })).await
    }
}
