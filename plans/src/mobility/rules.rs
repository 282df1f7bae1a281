//! The numbers, each with its source. They are data: an adapter's capabilities may override them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Caps;

/// Version of the shipped numbers; rises when one of them changes.
pub const RULES_VERSION: u32 = 1;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $value:expr, $unit:literal, $source:literal;)*) => {
        /// A rule. Those with a value may be overridden; the others look at facts alone.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum RuleId {
            $($(#[$doc])* #[serde(rename = $id)] $name),*
        }

        impl RuleId {
            /// All of them.
            pub const ALL: &[RuleId] = &[$(RuleId::$name),*];

            /// As rule files name it.
            pub fn as_str(self) -> &'static str {
                match self { $(RuleId::$name => $id),* }
            }

            /// The shipped number; `None`: the rule has none.
            pub fn shipped(self) -> Option<f64> {
                match self { $(RuleId::$name => $value),* }
            }

            /// The unit of its number.
            pub fn unit(self) -> &'static str {
                match self { $(RuleId::$name => $unit),* }
            }

            /// Where it comes from.
            pub fn source(self) -> &'static str {
                match self { $(RuleId::$name => $source),* }
            }
        }
    };
}

rules! {
    /// Longest round trip between hosts of a live move.
    LiveRtt = "live-rtt", Some(150.0), "ms",
        "vSphere 6.0 and later: round trip between vMotion networks, up to 150 ms";
    /// Slowest line for one live move.
    LiveBandwidth = "live-bandwidth", Some(250.0), "Mbit/s",
        "vSphere 6.0 and later: 250 Mbit/s for each concurrent vMotion";
    /// From this round trip on, moves that copy storage are for few VMs only.
    FleetRtt = "fleet-rtt", Some(5.0), "ms",
        "vSphere preview 2014: at 5 ms or more without stretched storage, one or a few VMs at a time";
    /// How many VMs are a few.
    FleetVms = "fleet-vms", Some(3.0), "VMs",
        "our reading of `one or a few VMs at a time`";
    /// Longest round trip between arrays with stretched volumes before a warning.
    StretchedRttWarn = "stretched-rtt-warn", Some(5.0), "ms",
        "stretched storage: most vendors support 5 ms";
    /// Longest round trip between arrays with stretched volumes.
    StretchedRtt = "stretched-rtt", Some(10.0), "ms",
        "vSphere Metro Storage Cluster: at most 10 ms";
    /// A live move stops its VM when what is left of memory can be sent in this time.
    SwitchOver = "switch-over", Some(1000.0), "ms",
        "usual target of a pre-copy move; not a vendor's promise";
    /// Rounds after which a live move stops its VM with whatever is left.
    PreCopyRounds = "pre-copy-rounds", Some(30.0), "rounds",
        "iteration limit of the Xen and QEMU pre-copy designs";
    /// A replica that is further behind than this many intervals is not worth starting from.
    LagIntervals = "lag-intervals", Some(3.0), "intervals",
        "RamenDR starts no test when the sync lag exceeds three intervals";
    /// Time to flip the role of a group.
    FlipTime = "flip-time", Some(2000.0), "ms",
        "assumed until an adapter states or a run measures it";
    /// Time for a guest to shut down.
    ShutdownTime = "shutdown-time", Some(60_000.0), "ms",
        "assumed until a run measures it";
    /// Time for a guest to boot.
    BootTime = "boot-time", Some(90_000.0), "ms",
        "assumed until a run measures it";
    /// Memory is dirtied slower than it can be sent.
    DirtyRate = "dirty-rate", None, "MiB/s",
        "pre-copy model: the rounds only shrink while the dirty rate is below the bandwidth";
    /// The adapter offers the method.
    Supported = "supported", None, "",
        "capabilities of the adapter";
    /// The VM runs.
    Running = "running", None, "",
        "a live move needs a running VM";
    /// The link between the sites is measured and up.
    LinkUp = "link-up", None, "",
        "a live move between sites needs the link between them";
    /// The method reaches the other site at all.
    Reaches = "reaches", None, "",
        "storage vMotion keeps a VM on its host";
    /// The VM goes to another site.
    OtherSite = "other-site", None, "",
        "a long-distance move goes to another site";
    /// Source and target are under one manager.
    SameManager = "same-manager", None, "",
        "vMotion works inside one manager; between managers it is a cross-manager move";
    /// Source and target are under two managers.
    OtherManager = "other-manager", None, "",
        "a cross-manager move goes from one manager to another";
    /// The VM's host is known.
    HostKnown = "host-known", None, "",
        "a live move starts from a known host";
    /// A host at the target is up.
    HostUp = "host-up", None, "",
        "a VM needs a host";
    /// One of them has the VM's CPU family.
    CpuFamily = "cpu-family", None, "",
        "vSphere: same CPU family or the same EVC baseline";
    /// One of those has room for the VM's memory.
    Memory = "memory", None, "MiB",
        "a VM's memory must fit on one host";
    /// One of those sees the VM's datastores.
    SharedStorage = "shared-storage", None, "",
        "both hosts must see the VM's datastores";
    /// A container at the target has room for the disks.
    Space = "space", None, "GiB",
        "copied disks must fit into one container that the target host sees";
    /// Every volume is known at both sites.
    VolumeKnown = "volume-known", None, "",
        "an unknown volume is never moved";
    /// Every volume is stretched between the two sites.
    Stretched = "stretched", None, "",
        "an active/active move needs every object on stretched storage";
    /// Every volume replicates to the other site.
    Replicated = "replicated", None, "",
        "the other site can only start what it has a replica of";
    /// Every volume has an active/passive replica there.
    Replica = "replica", None, "",
        "an active/passive move needs an asynchronous, synchronous or journalled replica";
    /// Both legs hold the same data.
    InSync = "in-sync", None, "",
        "both legs of a stretched volume must be in sync";
    /// The leg at the source site serves writes.
    Source = "source", None, "",
        "only the leg that is written can hand over";
    /// Both legs are visible to hosts.
    Visible = "visible", None, "",
        "hosts at both sites must reach the volume";
    /// No other running VM writes to the group.
    GroupAlone = "group-alone", None, "",
        "a group changes its role as a whole; another running VM on it would lose its storage";
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A number and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// The number, in the rule's unit.
    pub value: f64,
    /// Where it comes from, for people.
    pub source: Arc<str>,
}

/// A rule file: numbers, caps and costs. What a file leaves out is as shipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rules {
    /// Version of the numbers.
    pub version: u32,
    /// Numbers by rule.
    #[serde(default)]
    pub limits: BTreeMap<RuleId, Limit>,
    /// Caps and costs.
    #[serde(default)]
    pub caps: Caps,
}

impl Default for Rules {
    fn default() -> Rules {
        let shipped = |&rule: &RuleId| {
            let limit = Limit { value: rule.shipped()?, source: Arc::from(rule.source()) };
            Some((rule, limit))
        };
        let limits = RuleId::ALL.iter().filter_map(shipped).collect();
        Rules { version: RULES_VERSION, limits, caps: Caps::default() }
    }
}

impl Rules {
    /// The number of a rule: from the file, else as shipped. Rules without a number give none.
    pub fn limit(&self, rule: RuleId) -> Option<f64> {
        self.limits.get(&rule).map(|limit| limit.value).or_else(|| rule.shipped())
    }

    /// Where a rule or its number comes from.
    pub fn source(&self, rule: RuleId) -> Arc<str> {
        self.limits.get(&rule).map_or_else(|| rule.source().into(), |limit| limit.source.clone())
    }

    /// The same with the numbers that an adapter states in place of the shipped ones.
    #[must_use]
    pub fn overridden(mut self, by: &BTreeMap<RuleId, Limit>) -> Rules {
        self.limits.extend(by.iter().map(|(rule, limit)| (*rule, limit.clone())));
        self
    }
}
