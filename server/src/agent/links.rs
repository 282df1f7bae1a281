//! Links to other sites, measured.

use std::net::SocketAddr;
use std::time::Duration;

use muster_plans::id::SiteName;
use muster_plans::inventory::Link;
use muster_plans::time::Time;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// How long something there has to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is asked; the shortest answer counts, since only it has waited for nothing else.
const TRIES: usize = 3;

/// Another site, and what answers there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Neighbour {
    /// The site.
    pub site: SiteName,
    /// Where something there accepts connections: its agent.
    pub address: SocketAddr,
    /// What the link can carry, in megabits per second; it is not measured, since that would fill it.
    pub bandwidth_mbps: f64,
}

/// Measures the link from a site to another one: the time of a TCP handshake.
pub(super) async fn measure(from: &SiteName, to: &Neighbour, now: Time) -> Link {
    let mut best: Option<Duration> = None;
    let mut answered = 0;
    for _ in 0..TRIES {
        let begun = Instant::now();
        if let Ok(Ok(_)) = timeout(PATIENCE, TcpStream::connect(to.address)).await {
            answered += 1;
            let took = begun.elapsed();
            best = Some(best.map_or(took, |best| best.min(took)));
        } else if answered == 0 {
            break;
        }
    }
    Link {
        a: from.clone(),
        b: to.site.clone(),
        rtt_ms: best.map_or(0.0, |best| best.as_secs_f64() * 1000.0),
        bandwidth_mbps: to.bandwidth_mbps,
        loss: if answered == 0 { 1.0 } else { 0.0 },
        up: best.is_some(),
        measured_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_link_is_up_where_something_answers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let to = Neighbour { site: "lyon".into(), address, bandwidth_mbps: 1000.0 };
        let link = measure(&"paris".into(), &to, Time(7)).await;
        assert!(link.up && link.rtt_ms > 0.0 && link.loss == 0.0, "{link:?}");
        drop(listener);
        let link = measure(&"paris".into(), &to, Time(8)).await;
        assert!(!link.up && link.loss == 1.0 && link.measured_at == Time(8), "{link:?}");
    }
}
