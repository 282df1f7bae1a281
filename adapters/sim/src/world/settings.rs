//! How long things take.

use std::collections::BTreeMap;

use muster_contract::OperationKind;
use muster_plans::time::Span;
use serde::{Deserialize, Serialize};

/// Times of a world. They are made up to be plausible, not measured; every one can be changed while
/// the world runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// Divides every latency, boot and transfer. Leases, replication intervals and the guests'
    /// writes keep real time, because recovery points are judged by it.
    pub speed: f64,
    /// Operations, boots and transfers take no time at all.
    pub instant: bool,
    /// Share by which a latency varies to either side, 0 to 1.
    pub jitter: f64,
    /// Latencies that differ from the default, by operation.
    pub latency: BTreeMap<OperationKind, Span>,
    /// After this long a caller gives up on a site that does not answer.
    pub no_answer: Span,
    /// How long a guest boots before its tools answer.
    pub boot: Span,
    /// How long a host boots.
    pub host_boot: Span,
    /// How long a guest takes to shut down.
    pub guest_shutdown: Span,
    /// A site that sees neither its peer nor the witness for this long stops writing by itself. The
    /// witness calls a site dead after twice this.
    pub lease_ttl: Span,
    /// How often a running VM writes.
    pub write_every: Span,
    /// How much a VM changes, in MiB per second.
    pub change_mib_s: f64,
    /// How far back a CDP journal reaches.
    pub cdp_window: Span,
    /// How far a CDP target is behind.
    pub cdp_lag: Span,
    /// How long the transfer of an asynchronous point takes after it was taken.
    pub async_transfer: Span,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            speed: 1.0,
            instant: false,
            jitter: 0.1,
            latency: BTreeMap::new(),
            no_answer: Span::secs(1),
            boot: Span::secs(30),
            host_boot: Span::secs(90),
            guest_shutdown: Span::secs(20),
            lease_ttl: Span::secs(5),
            write_every: Span::secs(1),
            change_mib_s: 2.0,
            cdp_window: Span::mins(60),
            cdp_lag: Span::secs(2),
            async_transfer: Span::secs(3),
        }
    }
}

impl Settings {
    /// Everything at once, for tests that do not care about durations.
    pub fn instant() -> Settings {
        Settings { instant: true, jitter: 0.0, ..Settings::default() }
    }

    /// A length of simulated work as it takes in this world.
    pub(crate) fn scaled(&self, span: Span) -> Span {
        if self.instant {
            return Span::ZERO;
        }
        let speed = if self.speed > 0.0 { self.speed } else { 1.0 };
        Span((span.0 as f64 / speed).round() as u64)
    }

    /// How long an operation takes, before speed and jitter.
    pub(crate) fn base(&self, kind: OperationKind) -> Span {
        self.latency.get(&kind).copied().unwrap_or_else(|| default_latency(kind))
    }
}

fn default_latency(kind: OperationKind) -> Span {
    use OperationKind as K;
    Span(match kind {
        K::Sync | K::Register | K::RegisterTest | K::CreateBubble | K::DropBubble => 2000,
        K::Unmount | K::Mount | K::MountTest | K::FenceSite | K::UnfenceSite => 2000,
        K::Demote | K::DropTest | K::PowerOn => 3000,
        K::SnapshotForTest | K::CustomizeIp => 4000,
        K::Promote | K::Reverse | K::Suspend | K::Resume | K::Rescan | K::PowerOffHost => 5000,
        K::SetPreference | K::Unregister | K::ConnectNics | K::ConnectTestNics | K::PowerOff => {
            1000
        }
        // These bring their own times: a guest, a pre-copy, a boot.
        K::Shutdown | K::Migrate | K::WakeHost => 500,
    })
}
