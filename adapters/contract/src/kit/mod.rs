//! The conformance kit: cases that any site agent must pass, asked through the contract alone.
//!
//! [`verify`] works on a real site. Everything that it makes carries a tag of its own and is removed
//! at the end; production objects are only looked at, and named in requests that must be refused.
//! Cases that need a hand on the agent's process or on its backend (restart, kill, black hole,
//! garbage) are not here.
//!
//! It asks under tokens just above the highest that the site has seen. A server whose runs are under
//! way at the same site would find the site's high-water mark above its own journal: verify a site
//! before it is taken into service, or while nothing runs.

mod bench;
mod capability;
mod identity;
mod pet;
mod probe;
mod report;
mod sample;
mod scope;
mod sight;
mod states;
mod token;
mod unknown;

use std::time::Duration;

use crate::agent::SiteAdapter;
use bench::Bench;

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

/// Runs all cases against a site, one after the other. Takes seconds where operations do.
pub async fn verify(adapter: &dyn SiteAdapter, probe: &Probe) -> KitReport {
    let bench = match Bench::open(adapter, probe).await {
        Ok(bench) => bench,
        Err(why) => return KitReport::unreachable(adapter.site().clone(), why),
    };
    let mut cases = Vec::new();
    macro_rules! run {
        ($($id:literal $title:literal $case:path;)*) => {$(
            let finding = bounded(&bench, Box::pin($case(&bench))).await;
            cases.push(report::case($id, $title, finding));
        )*};
    }
    run! {
        "ATK-01" "what is declared is supported, and nothing else" capability::truthful;
        "ATK-02" "the same operation id twice gives the same answer" identity::twice;
        "ATK-03" "the same operation id five times at once has one effect" identity::five_at_once;
        "ATK-05" "the same operation id with other arguments is refused" identity::other_arguments;
        "ATK-06" "a lower token is refused" token::lower;
        "ATK-09" "after a raised fence nothing older has an effect" token::fenced;
        "ATK-11" "what is already so is done without a change" states::already;
        "ATK-12" "a wrong start state is refused and nothing changes" states::wrong_start;
        "ATK-15" "what became of an operation can be asked" unknown::status;
        "ATK-16" "cancel before, during and after" unknown::cancel;
        "ATK-19" "a dry run changes nothing" states::dry_run;
        "ATK-20" "a test cannot touch what is not its own" scope::test_mode;
        "ATK-21" "cleanup removes only its own objects, and twice is fine" scope::cleanup;
        "ATK-24" "a look shows what was done, or says how old it is" sight::own_write;
        "ATK-25" "operations that are under way are listed" sight::pending;
        "ATK-33" "the inventory comes in bounded time" sight::inventory;
        "ATK-17" "deadlines are kept within two seconds" unknown::deadline;
    }
    let finding = bounded(&bench, Box::pin(bench.clean_up())).await;
    cases.push(report::case("ATK-00", "the kit leaves nothing behind", finding));
    cases.sort_by_key(|case| case.id);
    KitReport::new(&bench.capabilities, cases)
}

/// A case that hangs has failed.
async fn bounded(
    bench: &Bench<'_>,
    case: std::pin::Pin<Box<dyn Future<Output = Finding> + Send + '_>>,
) -> Finding {
    let limit = Duration::from_millis(bench.probe.patience.0).saturating_mul(4);
    tokio::time::timeout(limit, case)
        .await
        .unwrap_or_else(|_| Err(failed(format!("no end after {} s", limit.as_secs()))))
}
