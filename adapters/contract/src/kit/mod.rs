//! The conformance kit: cases that any site agent must pass, asked through the contract alone.
//!
//! [`verify`] works on a real site. Everything that it makes carries a tag of its own and is removed
//! at the end; production objects are only looked at, and named in requests that must be refused.
//!
//! Some cases need a hand on the agent's process, on its backend, on the line to it, or on a group
//! that may really be failed over: [`Hand`]. Without it they are not applicable, and the report says
//! what is missing. No case passes that was not asked.
//!
//! It asks under tokens just above the highest that the site has seen. A server whose runs are under
//! way at the same site would find the site's high-water mark above its own journal: verify a site
//! before it is taken into service, or while nothing runs.

mod bench;
mod busy;
mod capability;
mod cases;
mod copy;
mod flight;
mod hand;
mod heard;
mod identity;
mod journey;
mod lab;
mod lost;
mod names;
mod pet;
mod points;
mod probe;
mod report;
mod restart;
mod sample;
mod scope;
mod sides;
mod sight;
mod states;
mod token;
mod unknown;

use std::time::Duration;

use crate::agent::SiteAdapter;
use bench::Bench;
use heard::Heard;

pub use cases::{About, cases};
pub use hand::{Aim, Count, Hand, Hands, Hook, Lab, Line};
pub use probe::Probe;
pub use report::{Case, KitReport, Verdict};

/// How a case ends: with something to add, or not passed.
type Finding = Result<String, Stop>;

/// Why a case is not passed.
enum Stop {
    Failed(String),
    NotApplicable(String),
}

/// Fails the case unless the condition holds.
fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(Stop::Failed(why())) }
}

fn failed(why: impl Into<String>) -> Stop {
    Stop::Failed(why.into())
}

/// Cases that judge what all others heard.
const LAST: [&str; 2] = ["ATK-17", "ATK-31"];

/// The kit's own manners.
const MANNERS: (&str, &str) = ("ATK-00", "the kit leaves nothing behind");

/// Runs the cases against a site, one after the other. Takes seconds where operations do.
pub async fn verify(adapter: &dyn SiteAdapter, probe: &Probe) -> KitReport {
    let heard = Heard::new(adapter, &probe.secrets);
    let bench = match Bench::open(&heard, probe).await {
        Ok(bench) => bench,
        Err(why) => return KitReport::unreachable(adapter.site().clone(), why),
    };
    let mut cases = Vec::new();
    let (last, first): (Vec<_>, Vec<_>) =
        cases::CASES.iter().partition(|(about, _)| LAST.contains(&about.id));
    for (about, run) in first.into_iter().chain(last) {
        if !probe.only.is_empty() && !probe.only.iter().any(|id| id == about.id) {
            continue;
        }
        let begin = bench.now();
        let finding = match bench.missing(about.needs) {
            Some(why) => Err(Stop::NotApplicable(why)),
            None => bounded(&bench, about.needs, run(&bench)).await,
        };
        let finding = calmed(&bench, finding).await;
        cases.push(report::case(about.id, about.title, bench.now().since(begin), finding));
    }
    let begin = bench.now();
    let finding = bounded(&bench, &[], Box::pin(bench.clean_up())).await;
    cases.push(report::case(MANNERS.0, MANNERS.1, bench.now().since(begin), finding));
    cases.sort_by_key(|case| case.id);
    KitReport::new(&bench.capabilities, cases)
}

/// Takes back what harm a case has left, so that the next one begins with a backend that works.
async fn calmed(bench: &Bench<'_>, finding: Finding) -> Finding {
    match bench.heal().await {
        Err(Stop::Failed(why)) if finding.is_ok() => Err(failed(format!("not healed: {why}"))),
        _ => finding,
    }
}

/// A case that hangs has failed. Restarts and journeys take their time.
async fn bounded(
    bench: &Bench<'_>,
    needs: &[Hook],
    case: std::pin::Pin<Box<dyn Future<Output = Finding> + Send + '_>>,
) -> Finding {
    let long = needs.contains(&Hook::Lab) || needs.contains(&Hook::Restart);
    let times = if long { 20 } else { 4 };
    let limit = Duration::from_millis(bench.probe.patience.0).saturating_mul(times);
    tokio::time::timeout(limit, case).await.unwrap_or_else(|_| {
        let where_now = if needs.contains(&Hook::Lab) {
            "; look where the lab's group is now, and what runs on it"
        } else {
            ""
        };
        Err(failed(format!("no end after {} s{where_now}", limit.as_secs())))
    })
}
