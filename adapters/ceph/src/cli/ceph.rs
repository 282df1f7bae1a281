//! What `ceph` is told.

use ipnet::IpNet;
use serde_json::json;

use super::Cli;
use super::command::Call;
use crate::error::Error;
use crate::said::{self, Blocklist, Df, OsdDump, Quorum, Status};

/// Ten years, in seconds: a fence ends when it is lifted.
const LONG: &str = "315360000";

impl Cli {
    /// What changes nothing, and is answered in JSON.
    async fn asked(&self, verb: &'static str, prefix: &str) -> Result<Vec<u8>, Error> {
        self.ask_mon(verb, &json!({ "prefix": prefix, "format": "json" })).await
    }

    async fn ceph(&self, verb: &'static str, words: &[&str]) -> Result<Vec<u8>, Error> {
        self.run(Call { verb, program: "ceph", words, input: None }).await
    }

    pub(crate) async fn quorum(&self) -> Result<Quorum, Error> {
        said::json("ceph quorum_status", &self.asked("ceph quorum_status", "quorum_status").await?)
    }

    pub(crate) async fn status(&self) -> Result<Status, Error> {
        said::json("ceph status", &self.asked("ceph status", "status").await?)
    }

    pub(crate) async fn osd_dump(&self) -> Result<OsdDump, Error> {
        said::json("ceph osd dump", &self.asked("ceph osd dump", "osd dump").await?)
    }

    pub(crate) async fn df(&self) -> Result<Df, Error> {
        said::json("ceph df", &self.asked("ceph df", "df").await?)
    }

    pub(crate) async fn blocklist(&self) -> Result<Blocklist, Error> {
        said::blocklist(&self.asked("ceph osd blocklist ls", "osd blocklist ls").await?)
    }

    /// `ceph osd blocklist add 10.0.0.0/24` would take the 24 for the number of one client at 10.0.0.0: ranges
    /// have a word of their own.
    pub(crate) async fn block(&self, net: IpNet) -> Result<(), Error> {
        let (address, range) = (net.addr().to_string(), net.trunc().to_string());
        let single = net.prefix_len() == net.max_prefix_len();
        let words = match single {
            true => vec!["osd", "blocklist", "add", &address, LONG],
            false => vec!["osd", "blocklist", "range", "add", &range, LONG],
        };
        self.ceph("ceph osd blocklist add", &words).await.map(drop)
    }

    /// It may be gone.
    pub(crate) async fn unblock(&self, net: IpNet) -> Result<(), Error> {
        let (address, range) = (net.addr().to_string(), net.trunc().to_string());
        let single = net.prefix_len() == net.max_prefix_len();
        let words = match single {
            true => vec!["osd", "blocklist", "rm", &address],
            false => vec!["osd", "blocklist", "range", "rm", &range],
        };
        self.ceph("ceph osd blocklist rm", &words).await.map(drop)
    }

    /// A record that the monitors keep; `None`: there is none.
    pub(crate) async fn record(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let command = json!({ "prefix": "config-key get", "key": key });
        match self.ask_mon("ceph config-key get", &command).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_code(2) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn set_record(&self, key: &str, value: &str) -> Result<(), Error> {
        self.ceph("ceph config-key set", &["config-key", "set", key, value]).await.map(drop)
    }
}
