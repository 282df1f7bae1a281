//! Finding out what became of an operation of unknown outcome.
//!
//! Three things can tell: the object itself, read back; the agent, asked for the operation; and the
//! agent's word that it never heard of it, once its fence is above the operation's token. Nothing
//! here guesses; what cannot be found out waits for a person.

use std::sync::Arc;

use muster_contract::{Hint, OpStatus, Outcome, Receipt, SiteAdapter, Token};
use muster_plans::time::{Span, Time};

use super::ask::{Look, Pace, before, look};
use super::job::{How, work};
use super::shop::{Job, Shop};
use crate::step::Work;

/// Asks until something tells, or until an instant has passed.
pub(super) async fn resolve(
    shop: Arc<Shop>,
    job: Job,
    hint: Hint,
    until: Option<Time>,
) -> (Job, How) {
    let Some(work) = work(&shop, &job) else {
        // A callout cannot be asked; until a person rules there is nothing to do.
        return (job, How::Expired(hint));
    };
    let mut pace = if until.is_some() { Pace::brisk() } else { Pace::slow() };
    loop {
        if let Some(how) = ask(&shop, &job, &work).await {
            return (job, how);
        }
        if until.is_some_and(|until| shop.now() >= until) {
            return (job, How::Expired(hint));
        }
        shop.sleep(pace.pause()).await;
    }
}

/// One round of questions.
async fn ask(shop: &Shop, job: &Job, work: &Work) -> Option<How> {
    let adapter = shop.adapter(&work.site)?;
    if proved(shop, job, work).await {
        return Some(How::Done(Receipt::default()));
    }
    match status(shop, job, adapter.as_ref()).await? {
        OpStatus::Ended(Outcome::Refused(reason)) => Some(How::Refused(reason)),
        OpStatus::NotKnown => never_happens(shop, job, work, adapter.as_ref()).await,
        OpStatus::Pending | OpStatus::Ended(_) => None,
    }
}

async fn proved(shop: &Shop, job: &Job, work: &Work) -> bool {
    let elapsed = shop.now().since(job.begun);
    matches!(look(shop, &work.proof, elapsed, true).await, Look::Met)
}

async fn status(shop: &Shop, job: &Job, adapter: &dyn SiteAdapter) -> Option<OpStatus> {
    let id = shop.op_id(job);
    before(shop, shop.now() + Span::secs(30), adapter.operation(&id)).await?.ok()
}

/// The fence goes above the token first: until then a request that is still on its way could arrive
/// after the agent has said that it knows nothing.
async fn never_happens(
    shop: &Shop,
    job: &Job,
    work: &Work,
    adapter: &dyn SiteAdapter,
) -> Option<How> {
    let domain = shop.domain(job.step, &work.site);
    let above = Token { seq: job.seq + 1, ..shop.token(job.seq) };
    if !shop.raise(adapter, &domain, above).await {
        return None;
    }
    let still = status(shop, job, adapter).await?;
    if still != OpStatus::NotKnown {
        return None;
    }
    let how = if proved(shop, job, work).await {
        How::Done(Receipt::default())
    } else {
        How::NeverHappened
    };
    Some(how)
}
