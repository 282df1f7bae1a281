//! ATK-31 and 40: secrets that must not be said, and sides of other versions.

use std::sync::Arc;

use super::bench::{Bench, said};
use super::hand::{Hook, Line};
use super::{Finding, Stop, ensure, failed};
use crate::agent::SiteAdapter;
use crate::capability::PROTOCOL_VERSION;
use crate::error::{AdapterError, ErrorClass};
use crate::outcome::Outcome;
use crate::query::Query;

/// Runs after all others, so that everything they heard counts.
pub(super) async fn secrets(bench: &Bench<'_>) -> Finding {
    let mut sources = Vec::new();
    if !bench.probe.secrets.is_empty() {
        let found = bench.heard();
        ensure(found.is_empty(), || format!("a secret is in {}", found.join(", ")))?;
        sources.push("everything it said");
    }
    if let Ok(hand) = bench.hand(Hook::Line) {
        let canary = format!("canary-{}", bench.probe.mark());
        let far = hand.line(Line::Stranger(canary.clone())).await.map_err(failed)?;
        for (what, text) in shown_a_canary(bench, &*far).await? {
            let mut secrets = bench.probe.secrets.iter().chain([&canary]);
            ensure(!secrets.any(|secret| text.contains(secret)), || {
                format!("shown a wrong token, a secret is in the answer to {what}")
            })?;
        }
        sources.push("its answers to a stranger");
    }
    if let Ok(hand) = bench.hand(Hook::Log) {
        let log = hand.log().await.map_err(failed)?;
        let canary = format!("canary-{}", bench.probe.mark());
        let mut secrets = bench.probe.secrets.iter().chain([&canary]);
        ensure(!secrets.any(|secret| log.contains(secret)), || {
            "a secret is in its log".to_owned()
        })?;
        sources.push("its log");
    }
    if sources.is_empty() {
        let why = "needs a secret that the agent knows, or the hook `line` or `log`";
        return Err(Stop::NotApplicable(why.to_owned()));
    }
    Ok(format!("not in {}", sources.join(", ")))
}

/// What is answered to somebody with a wrong token, as text. An agent on loopback may ask nobody.
async fn shown_a_canary(
    bench: &Bench<'_>,
    far: &dyn SiteAdapter,
) -> Result<Vec<(&'static str, String)>, Stop> {
    let pet = bench.pet()?;
    let (ctx, name) = (bench.ctx(), bench.name("stranger"));
    let outcome = bench.execute_at(far, &ctx, &pet.make(&name)).await;
    Ok(vec![
        ("capabilities", format!("{:?}", far.capabilities().await)),
        ("a query", format!("{:?}", far.query(&Query::Alive).await)),
        ("an operation", format!("{outcome:?}")),
        ("a cancel", format!("{:?}", far.cancel(&bench.ctx().op_id).await)),
    ])
}

/// A newer server must not be misunderstood, a newer agent must be understood, and another version
/// of the protocol must be told from both.
pub(super) async fn versions(bench: &Bench<'_>) -> Finding {
    let hand = bench.hand(Hook::Line)?;
    let pet = bench.pet()?;
    let line = async |how: Line| -> Result<Arc<dyn SiteAdapter>, Stop> {
        hand.line(how).await.map_err(failed)
    };
    let (ctx, name) = (bench.ctx(), bench.name("newer-server"));
    let newer = line(Line::NewerServer).await?;
    let outcome = bench.execute_at(&*newer, &ctx, &pet.make(&name)).await;
    ensure(!matches!(outcome, Outcome::Done(_)), || {
        "a request with a field that limits what may be done was done without it".to_owned()
    })?;
    bench.see(&name, false).await?;
    let (ctx, name) = (bench.ctx(), bench.name("newer-agent"));
    let newer = line(Line::NewerAgent).await?;
    let about = newer.capabilities().await;
    ensure(about.is_ok(), || format!("capabilities of a newer agent: {about:?}"))?;
    let outcome = bench.execute_at(&*newer, &ctx, &pet.make(&name)).await;
    ensure(matches!(outcome, Outcome::Done(_)), || {
        format!("an operation at a newer agent is {}", said(&outcome))
    })?;
    let seen = newer.query(&pet.query(&name)).await;
    ensure(seen.is_ok(), || format!("a query at a newer agent: {seen:?}"))?;
    for version in [PROTOCOL_VERSION + 1, PROTOCOL_VERSION - 1] {
        match line(Line::Version(version)).await?.capabilities().await {
            Err(AdapterError { class: ErrorClass::Unsupported, .. }) => {}
            other => {
                return Err(failed(format!(
                    "an agent of version {version} of the protocol: {other:?}"
                )));
            }
        }
    }
    Ok("newer server, newer agent, another version".to_owned())
}
