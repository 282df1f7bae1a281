//! VMs of all sites.

use askama::Template;

use crate::Chrome;
use crate::part::{Choice, Paging, When};
use crate::state::{Compliance, Power, Protection};

/// `GET /inventory`.
#[derive(Clone, Debug, Template)]
#[template(path = "inventory.html")]
pub struct Inventory {
    /// The frame.
    pub chrome: Chrome,
    /// What is searched for.
    pub q: String,
    /// Filter by site.
    pub sites: Vec<Choice>,
    /// Filter by protection.
    pub protections: Vec<Choice>,
    /// VMs of this page.
    pub vms: Vec<VmLine>,
    /// Which VMs these are.
    pub paging: Paging,
    /// When each site's inventory was read; `None`: never.
    pub read: Vec<(String, Option<When>)>,
}

impl Inventory {
    /// Whether a filter is set.
    pub fn is_filtered(&self) -> bool {
        !self.q.is_empty()
            || [&self.sites, &self.protections]
                .iter()
                .any(|choices| choices.iter().any(|c| c.chosen && !c.value.is_empty()))
    }
}

/// A VM.
#[derive(Clone, Debug)]
pub struct VmLine {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Where it runs.
    pub site: String,
    /// Its host; empty: none.
    pub host: String,
    /// Whether it runs.
    pub power: Power,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Disks: how many, and their size in GiB.
    pub disks: (u32, u64),
    /// Policies of its objects.
    pub policies: Vec<String>,
    /// Worst compliance of its objects.
    pub compliance: Compliance,
    /// How far it is protected.
    pub protection: Protection,
    /// Why it is not protected, or not whole; may be empty.
    pub reason: String,
    /// Protection groups.
    pub groups: Vec<String>,
    /// Plans.
    pub plans: Vec<String>,
}

impl VmLine {
    /// `16 GiB`, `512 MiB`.
    pub fn memory(&self) -> String {
        match self.memory_mib {
            mib if mib >= 1024 && mib.is_multiple_of(1024) => format!("{} GiB", mib / 1024),
            mib if mib >= 1024 => format!("{:.1} GiB", mib as f64 / 1024.0),
            mib => format!("{mib} MiB"),
        }
    }
}
