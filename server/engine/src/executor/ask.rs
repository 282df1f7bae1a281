//! Asking a site what is so.

use std::sync::Arc;

use muster_contract::{AdapterError, ErrorClass, Observed, Query, SiteAdapter};
use muster_plans::guard::{Guard, holds};
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};

use super::shop::Shop;
use crate::step::{Met, Proof};

/// A question that is not answered after this long has no answer.
const PATIENCE: Span = Span::secs(30);

/// Pauses between two looks: doubled each time, up to the second.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    next: Span,
    longest: Span,
}

impl Pace {
    pub(super) const fn new(first: Span, longest: Span) -> Pace {
        Pace { next: first, longest }
    }

    /// While something should happen any moment.
    pub(super) const fn brisk() -> Pace {
        Pace::new(Span(100), Span::secs(5))
    }

    /// While a second look is needed soon, and after that a person is likely to be quicker.
    pub(super) const fn patient() -> Pace {
        Pace::new(Span(100), Span::secs(30))
    }

    /// While a person is likely to be quicker.
    pub(super) const fn slow() -> Pace {
        Pace::new(Span::secs(2), Span::secs(30))
    }

    pub(super) fn pause(&mut self) -> Span {
        let pause = self.next;
        self.next = Span((pause.0 * 2).min(self.longest.0));
        pause
    }
}

/// Waits for a future, but not past an instant. `None`: it took longer.
pub(super) async fn before<T>(
    shop: &Shop,
    deadline: Time,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = std::pin::pin!(future);
    tokio::select! {
        biased;
        done = &mut future => Some(done),
        () = async { shop.sleep(deadline.since(shop.now())).await } => None,
    }
}

/// One question, answered or not.
pub(super) async fn query(
    shop: &Shop,
    site: &SiteName,
    query: &Query,
) -> Result<Observed, AdapterError> {
    let adapter = shop.adapter(site).ok_or_else(|| no_agent(site))?;
    let answer = before(shop, shop.now() + PATIENCE, adapter.query(query)).await;
    answer.unwrap_or_else(|| {
        Err(AdapterError::new(ErrorClass::Retry, format!("{site} does not answer")))
    })
}

pub(super) fn no_agent(site: &SiteName) -> AdapterError {
    AdapterError::new(ErrorClass::Unsupported, format!("no agent is configured for {site}"))
}

/// What one look at a proof says.
pub(super) enum Look {
    Met,
    NotYet(String),
    Never(String),
    Silent(AdapterError),
}

/// Looks once. While an operation on the object is still on its way nothing is proved.
pub(super) async fn look(shop: &Shop, proof: &Proof, elapsed: Span, settled: bool) -> Look {
    let seen = match query(shop, &proof.site, &proof.query).await {
        Ok(seen) => seen,
        Err(error) => return Look::Silent(error),
    };
    match proof.wanted.met(&seen, elapsed) {
        Met::Met if settled && !seen.pending.is_empty() && holds(Guard::Drained) => {
            Look::NotYet(String::from("an operation on it is still on its way"))
        }
        Met::Met => also(shop, proof, elapsed).await,
        Met::NotYet(words) => Look::NotYet(words),
        Met::Never(words) => Look::Never(words),
    }
}

/// The second question counts only where it is answered.
async fn also(shop: &Shop, proof: &Proof, elapsed: Span) -> Look {
    let Some(also) = &proof.also else {
        return Look::Met;
    };
    match query(shop, &also.site, &also.query).await {
        Err(_) => Look::Met,
        Ok(seen) => match also.wanted.met(&seen, elapsed) {
            Met::Met => Look::Met,
            Met::NotYet(words) | Met::Never(words) => Look::NotYet(words),
        },
    }
}

/// The agent of a site, or why there is none.
pub(super) fn agent(shop: &Shop, site: &SiteName) -> Result<Arc<dyn SiteAdapter>, AdapterError> {
    shop.adapter(site).ok_or_else(|| no_agent(site))
}
