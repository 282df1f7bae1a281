//! Sites, the links between them, and the witnesses.

use askama::Template;

use crate::chrome::{Chrome, Live};
use crate::part::When;
use crate::state::{Fence, Health, Sight};

/// `GET /sites`.
#[derive(Clone, Debug, Template)]
#[template(path = "sites.html")]
pub struct Sites {
    /// The frame.
    pub chrome: Chrome,
    /// What changes while one looks.
    pub live: SitesBody,
}

/// `GET /sites/live`.
#[derive(Clone, Debug, Template)]
#[template(path = "sites.html", block = "live")]
pub struct SitesLive {
    /// What changes while one looks.
    pub live: SitesBody,
}

/// What changes while one looks at the sites.
#[derive(Clone, Debug)]
pub struct SitesBody {
    /// How the block keeps itself current.
    pub source: Live,
    /// Sites by name.
    pub sites: Vec<SiteDetail>,
    /// Links by their ends.
    pub links: Vec<LinkLine>,
    /// Witnesses by name.
    pub witnesses: Vec<WitnessLine>,
}

impl SitesBody {
    /// Whether anything is said of what the links' figures mean.
    pub fn explains_links(&self) -> bool {
        self.links.iter().any(|link| !link.note.is_empty())
    }
}

/// A site.
#[derive(Clone, Debug)]
pub struct SiteDetail {
    /// Its name.
    pub name: String,
    /// Whether its agent answers.
    pub health: Health,
    /// Since when it has been reachable, or unreachable.
    pub since: Option<When>,
    /// When its inventory was last read.
    pub read: Option<When>,
    /// What is wrong, as sentences.
    pub notes: Vec<String>,
    /// Whether it is cut off from storage.
    pub fence: Fence,
    /// How old commands are kept from having an effect there: `native`, `agent enforced`,
    /// `drain only`, `none`; and what that means is on the page.
    pub fence_level: String,
    /// Hosts that are up, and all of them.
    pub hosts: (u32, u32),
    /// VMs.
    pub vms: u32,
    /// Storage: used and whole, in GiB.
    pub storage_gib: (u64, u64),
    /// Adapters configured there.
    pub backends: Vec<BackendLine>,
}

/// A configured adapter.
#[derive(Clone, Debug)]
pub struct BackendLine {
    /// Its name.
    pub name: String,
    /// The product: `sim`, `remote`.
    pub kind: String,
    /// Its roles: `hypervisor`, `storage`, `fencing`, `network`.
    pub roles: Vec<String>,
    /// Whether it answers.
    pub health: Health,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// What it cannot do although a plan needs it, or its last error; empty: nothing.
    pub note: String,
}

/// A link between two sites, as measured.
#[derive(Clone, Debug)]
pub struct LinkLine {
    /// One end.
    pub a: String,
    /// The other end.
    pub b: String,
    /// Whether traffic passes.
    pub health: Health,
    /// Round-trip time in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Bandwidth in megabits per second.
    pub bandwidth_mbps: Option<f64>,
    /// Share of packets lost, 0 to 1.
    pub loss: Option<f64>,
    /// When it was measured.
    pub measured: Option<When>,
    /// What these figures allow or forbid: `live moves on stretched storage need 5 ms or less`.
    pub note: String,
}

impl LinkLine {
    /// `1.8 ms`, or a dash.
    pub fn rtt(&self) -> String {
        self.rtt_ms.map_or_else(|| String::from("–"), |ms| format!("{ms:.1} ms"))
    }

    /// `10 Gbit/s`, `250 Mbit/s`, or a dash.
    pub fn bandwidth(&self) -> String {
        match self.bandwidth_mbps {
            Some(mbps) if mbps >= 1000.0 => format!("{:.3} Gbit/s", mbps / 1000.0)
                .replace(".000", "")
                .replace("00 Gbit", " Gbit"),
            Some(mbps) => format!("{mbps:.0} Mbit/s"),
            None => String::from("–"),
        }
    }

    /// `0.02 %`, or a dash.
    pub fn loss_percent(&self) -> String {
        self.loss.map_or_else(|| String::from("–"), |share| format!("{:.2} %", share * 100.0))
    }
}

/// A witness and whom it sees.
#[derive(Clone, Debug)]
pub struct WitnessLine {
    /// Its name.
    pub name: String,
    /// Whether it answers.
    pub health: Health,
    /// Sites it judges between, and what it sees of each.
    pub sees: Vec<(String, Sight)>,
    /// When it last answered.
    pub heard: Option<When>,
}
