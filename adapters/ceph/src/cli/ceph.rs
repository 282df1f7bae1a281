//! What `ceph` is told.

use ipnet::IpNet;

use super::Cli;
use super::command::Call;
use crate::error::Error;
use crate::said::{self, Blocklist, Df, OsdDump, Quorum, Status};

/// Ten years, in seconds: a fence ends when it is lifted.
const LONG: &str = "315360000";

impl Cli {
    async fn ceph(&self, verb: &'static str, words: &[&str]) -> Result<Vec<u8>, Error> {
        self.run(Call { verb, program: "ceph", words, input: None }).await
    }

    pub(crate) async fn quorum(&self) -> Result<Quorum, Error> {
        let words = ["quorum_status", "--format", "json"];
        said::json("ceph quorum_status", &self.ceph("ceph quorum_status", &words).await?)
    }

    pub(crate) async fn status(&self) -> Result<Status, Error> {
        let words = ["status", "--format", "json"];
        said::json("ceph status", &self.ceph("ceph status", &words).await?)
    }

    pub(crate) async fn osd_dump(&self) -> Result<OsdDump, Error> {
        let words = ["osd", "dump", "--format", "json"];
        said::json("ceph osd dump", &self.ceph("ceph osd dump", &words).await?)
    }

    pub(crate) async fn df(&self) -> Result<Df, Error> {
        said::json("ceph df", &self.ceph("ceph df", &["df", "--format", "json"]).await?)
    }

    pub(crate) async fn blocklist(&self) -> Result<Blocklist, Error> {
        let words = ["osd", "blocklist", "ls", "--format", "json"];
        said::blocklist(&self.ceph("ceph osd blocklist ls", &words).await?)
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
        match self.ceph("ceph config-key get", &["config-key", "get", key]).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_code(2) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn set_record(&self, key: &str, value: &str) -> Result<(), Error> {
        self.ceph("ceph config-key set", &["config-key", "set", key, value]).await.map(drop)
    }
}
