//! Things that can be broken and healed.

use std::fmt;
use std::str::FromStr;

use muster_plans::id::{HostId, SiteName};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Something that can be broken and healed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// A whole site loses its power.
    Site(SiteName),
    /// A host, wherever it stands.
    Host(HostId),
    /// The link between two sites, or between a site and the witness.
    Link(String, String),
    /// One direction of such a link: nothing that the first one sends reaches the second.
    Way(String, String),
    /// The array of a site.
    Array(SiteName),
    /// The witness.
    Witness,
    /// The line between the server and a site's agent; the site itself goes on.
    ServerLink(SiteName),
    /// A backend gets a fault; healing takes every fault of that id off the site.
    Backend(Fault),
}

/// Why a text names nothing that can be broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is nothing that can be broken; expected site/NAME, host/ID, link/A/B, way/FROM/TO, \
     array/SITE, witness or server-link/SITE"
)]
pub struct ThingError(String);

impl FromStr for Thing {
    type Err = ThingError;

    fn from_str(text: &str) -> Result<Thing, ThingError> {
        let parts: Vec<&str> = text.split('/').collect();
        Ok(match parts.as_slice() {
            ["site", site] => Thing::Site((*site).into()),
            ["host", host] => Thing::Host((*host).into()),
            ["link", a, b] => Thing::Link((*a).to_owned(), (*b).to_owned()),
            ["array", site] => Thing::Array((*site).into()),
            ["witness"] => Thing::Witness,
            ["way", from, to] => Thing::Way((*from).to_owned(), (*to).to_owned()),
            ["server-link", site] => Thing::ServerLink((*site).into()),
            _ => return Err(ThingError(text.to_owned())),
        })
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thing::Site(site) => write!(f, "site/{site}"),
            Thing::Host(host) => write!(f, "host/{host}"),
            Thing::Link(a, b) => write!(f, "link/{a}/{b}"),
            Thing::Way(from, to) => write!(f, "way/{from}/{to}"),
            Thing::Array(site) => write!(f, "array/{site}"),
            Thing::Witness => f.write_str("witness"),
            Thing::ServerLink(site) => write!(f, "server-link/{site}"),
            Thing::Backend(fault) => write!(f, "backend/{}/{:?}", fault.site, fault.id),
        }
    }
}
