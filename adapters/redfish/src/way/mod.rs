//! The two ways to a host's power.

mod http;
mod ipmi;
mod redfish;
mod said;
mod tls;

use std::fmt;
use std::time::Duration;

use crate::config::HostConfig;
use crate::decide::Power;
use crate::error::Error;
use crate::wrong::Wrong;

pub(crate) use http::address;
pub(crate) use ipmi::Ipmi;
pub(crate) use redfish::Redfish;
pub(crate) use tls::fingerprint;

/// A way to one BMC.
pub(crate) enum Way {
    Redfish(Redfish),
    Ipmi(Ipmi),
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) power: Power,
    /// Where a command goes, where it needs an address that was read, or why there is none.
    pub(crate) reset: Result<String, Error>,
}

impl Way {
    /// All ways of a host, the better one first. `answer`: how long one answer may take.
    pub(crate) fn all(host: &HostConfig, answer: Duration) -> Result<Vec<Way>, Wrong> {
        let mut ways = Vec::new();
        if let Some(config) = &host.redfish {
            let wrong = |why| Wrong::Client(host.id.clone(), why);
            ways.push(Way::Redfish(Redfish::new(config, answer).map_err(wrong)?));
        }
        ways.extend(host.ipmi.clone().map(|config| Way::Ipmi(Ipmi::new(config, answer))));
        Ok(ways)
    }

    pub(crate) async fn look(&self) -> Result<Look, Error> {
        match self {
            Way::Redfish(redfish) => redfish.look().await,
            Way::Ipmi(ipmi) => ipmi.look().await,
        }
    }

    /// Tells it to switch off at once. The answer is no proof.
    pub(crate) async fn tell(&self, reset: &str) -> Result<(), Error> {
        match self {
            Way::Redfish(redfish) => redfish.tell(reset).await,
            Way::Ipmi(ipmi) => ipmi.tell().await,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Redfish(_) => "Redfish",
            Way::Ipmi(_) => "IPMI",
        })
    }
}
