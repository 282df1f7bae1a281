//! Protection groups.

use askama::Template;

use crate::Chrome;
use crate::part::Finding;
use crate::state::Readiness;

/// `GET /groups`.
#[derive(Clone, Debug, Template)]
#[template(path = "groups.html")]
pub struct Groups {
    /// The frame.
    pub chrome: Chrome,
    /// By name.
    pub groups: Vec<GroupLine>,
    /// What no group covers, per site.
    pub coverage: Vec<SiteCoverage>,
}

/// A protection group in one line.
#[derive(Clone, Debug)]
pub struct GroupLine {
    /// Its name.
    pub name: String,
    /// Protected site.
    pub from: String,
    /// Recovery site.
    pub to: String,
    /// Policies whose VMs are members.
    pub policies: Vec<String>,
    /// Whether it could be recovered.
    pub readiness: Readiness,
    /// The worst that is wrong.
    pub finding: Option<Finding>,
    /// Members that are protected.
    pub protected: u32,
    /// Members of which only some objects are.
    pub partly: u32,
    /// VMs that were left out with a reason.
    pub excluded: u32,
    /// Age of the oldest recovery point, in milliseconds; `None`: not known.
    pub rpo_ms: Option<u64>,
    /// Plans that recover it.
    pub plans: Vec<String>,
}

/// What is protected at a site.
#[derive(Clone, Debug)]
pub struct SiteCoverage {
    /// The site.
    pub site: String,
    /// VMs there that are protected whole.
    pub protected: u32,
    /// VMs there that are protected in part.
    pub partly: u32,
    /// VMs there that are not protected.
    pub unprotected: u32,
}

impl SiteCoverage {
    /// All VMs of the site.
    pub fn all(&self) -> u32 {
        self.protected + self.partly + self.unprotected
    }
}
