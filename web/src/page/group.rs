//! One protection group.

use askama::Template;

use crate::Chrome;
use crate::part::{Choice, Finding, Paging, When};
use crate::state::{Compliance, Protection, Readiness, Replication};

/// `GET /groups/{name}`.
#[derive(Clone, Debug, Template)]
#[template(path = "group.html")]
pub struct Group {
    /// The frame.
    pub chrome: Chrome,
    /// Its name.
    pub name: String,
    /// Protected site.
    pub from: String,
    /// Recovery site.
    pub to: String,
    /// Policies whose VMs are members.
    pub policies: Vec<String>,
    /// Narrowing by tags, as written: `app: erp`; empty: none.
    pub filter: String,
    /// Rises whenever the derived members change.
    pub generation: u64,
    /// When the members were last derived.
    pub derived: Option<When>,
    /// Plans that recover it.
    pub plans: Vec<String>,
    /// Whether it could be recovered.
    pub readiness: Readiness,
    /// Errors, warnings and notes, worst first.
    pub findings: Vec<Finding>,
    /// Members: protected, partly, excluded.
    pub counts: (u32, u32, u32),
    /// What is searched for among the members.
    pub q: String,
    /// Filter by state of protection.
    pub states: Vec<Choice>,
    /// Members of this page.
    pub members: Vec<Member>,
    /// Which members these are.
    pub paging: Paging,
    /// Consistency groups that hold the members' objects.
    pub consistency: Vec<ConsistencyGroup>,
    /// VMs and objects that are not protected although one would think so.
    pub gaps: Vec<Gap>,
    /// The document.
    pub yaml: String,
}

impl Group {
    /// Whether a consistency group is on the page; those of excluded VMs are not.
    pub fn lists(&self, id: &str) -> bool {
        self.consistency.iter().any(|group| group.id == id)
    }

    /// Members in every state of protection.
    pub fn size(&self) -> u32 {
        self.counts.0 + self.counts.1 + self.counts.2
    }
}

/// A VM of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub vm: String,
    /// How far it is protected.
    pub protection: Protection,
    /// Why it is so; worst first.
    pub reasons: Vec<String>,
    /// Its objects that are protected, and all of them.
    pub objects: (u32, u32),
    /// Policies of its objects.
    pub policies: Vec<String>,
    /// Worst compliance of its objects.
    pub compliance: Compliance,
    /// Consistency groups that hold its objects.
    pub consistency: Vec<String>,
    /// Age of its oldest recovery point, in milliseconds; `None`: not known.
    pub rpo_ms: Option<u64>,
}

/// A consistency group: volumes with one write order.
#[derive(Clone, Debug)]
pub struct ConsistencyGroup {
    /// Its id.
    pub id: String,
    /// How it replicates: `stretched`, `sync`, `async, every 5 min`, `cdp`.
    pub mode: String,
    /// How replication stands.
    pub replication: Replication,
    /// One sentence on what is wrong; empty: nothing.
    pub note: String,
    /// How far the target is behind, in milliseconds; `None`: not known.
    pub lag_ms: Option<u64>,
    /// Both legs, protected site first.
    pub legs: Vec<Leg>,
    /// Its volumes.
    pub volumes: Vec<String>,
    /// VMs with objects in it.
    pub vms: u32,
    /// Its recovery points; `None`: there are none.
    pub points: Option<Points>,
    /// Site preference of a stretched group and what happens on a detach; empty: does not apply.
    pub preference: String,
}

/// Recovery points of a consistency group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// The newest.
    pub newest: When,
    /// The oldest.
    pub oldest: When,
    /// How many there are.
    pub count: u32,
}

/// One leg of a consistency group.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Its site.
    pub site: String,
    /// What it is: `source`, `target`, `failed over`.
    pub role: String,
    /// Whether it accepts production writes.
    pub writable: bool,
    /// Raised at each promote.
    pub generation: u64,
}

/// Something that is not protected.
#[derive(Clone, Debug)]
pub struct Gap {
    /// The VM.
    pub vm: String,
    /// Which of its objects; empty: all.
    pub objects: Vec<String>,
    /// Why.
    pub reason: String,
    /// How to mend it.
    pub help: String,
}
