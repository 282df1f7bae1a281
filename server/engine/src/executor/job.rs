//! Doing one step: ask where it may have been begun, do, read back.

use std::sync::Arc;

use muster_contract::{ErrorClass, Hint, OpStatus, Outcome, Reason, Receipt, SiteAdapter};
use muster_plans::graph::Action;
use muster_plans::guard::{Guard, holds};
use muster_plans::id::SiteName;
use muster_plans::time::Span;

use super::ask::{Look, Pace, agent, before, look};
use super::shop::{Job, Shop};
use super::{callout, gate};
use crate::event::Evidence;
use crate::step::{self, Class, Work};

/// How an attempt went.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum How {
    /// Read back.
    Done(Receipt),
    /// Definitely no change.
    Refused(Reason),
    /// The agent never heard of it, and its fence is above: definitely no change, ever.
    NeverHappened,
    /// Nobody can say.
    Unknown(Hint),
    /// Nobody could say until the deadline.
    Expired(Hint),
    /// A gate has found evidence.
    Evidence(Evidence),
}

impl How {
    pub(super) fn refused(class: ErrorClass, message: impl Into<String>) -> How {
        How::Refused(Reason { class, message: message.into() })
    }

    pub(super) fn unknown(message: impl Into<String>) -> How {
        How::Unknown(Hint { message: message.into() })
    }
}

/// How long an agent may be late with its answer: the contract gives it two seconds.
const GRACE: Span = Span::secs(3);

pub(super) fn work(shop: &Shop, job: &Job) -> Option<Work> {
    if job.undo { step::undo(&shop.graph, job.step) } else { step::forward(&shop.graph, job.step) }
}

/// Does one attempt.
pub(super) async fn perform(shop: Arc<Shop>, job: Job) -> (Job, How) {
    let action = shop.graph.step(job.step).action;
    let how = match (work(&shop, &job), action) {
        (Some(work), _) => match &work.operation {
            Some(_) => operate(&shop, &job, &work).await,
            None => watch(&shop, &job, &work).await,
        },
        (None, Action::Gate(kind)) => gate::wait(&shop, &job, kind).await,
        (None, Action::Callout(callout)) => callout::call(&shop, &job, callout).await,
        (None, Action::Prompt(_)) => nobody_answers(&shop, &job).await,
        (None, _) => How::refused(ErrorClass::Unsupported, "the graph says nothing to do here"),
    };
    (job, how)
}

/// The time of a prompt that has a limit.
async fn nobody_answers(shop: &Shop, job: &Job) -> How {
    shop.sleep(job.deadline.since(shop.now())).await;
    How::refused(ErrorClass::Precondition, "nobody answered in time")
}

/// A step that only looks: until it is so, or the deadline has passed.
async fn watch(shop: &Shop, job: &Job, work: &Work) -> How {
    let mut pace = Pace::brisk();
    loop {
        let now = shop.now();
        let (class, words) = match look(shop, &work.proof, now.since(job.begun), false).await {
            Look::Met => {
                if work.rest > Span::ZERO {
                    shop.sleep(work.rest).await;
                }
                return How::Done(Receipt::default());
            }
            Look::Never(words) => return How::refused(ErrorClass::Precondition, words),
            Look::NotYet(words) => (ErrorClass::Precondition, words),
            Look::Silent(error) => match error.class {
                ErrorClass::Auth | ErrorClass::Unsupported | ErrorClass::Bug => {
                    return How::refused(error.class, error.message);
                }
                class => (class, error.message),
            },
        };
        if shop.now() >= job.deadline {
            // Trying again would only be more of the same: the deadline was the limit.
            let class = if class == ErrorClass::Retry { ErrorClass::NotFound } else { class };
            return How::refused(class, words);
        }
        shop.sleep(pace.pause()).await;
    }
}

async fn operate(shop: &Shop, job: &Job, work: &Work) -> How {
    let adapter = match agent(shop, &work.site) {
        Ok(adapter) => adapter,
        Err(error) => return How::refused(error.class, error.message),
    };
    let again = job.attempt > 0
        && step::retry(&shop.graph.step(job.step).action).class == Class::QueryFirst;
    if (job.resumed || again) && is_met(shop, job, work).await {
        return How::Done(Receipt::default());
    }
    if job.resumed {
        match begun_before(shop, job, work, adapter.as_ref()).await {
            Before::Not if job.only_ask => return How::NeverHappened,
            Before::Not => {}
            Before::Ended(outcome) => return settle(shop, job, work, outcome).await,
            Before::Open(hint) => return How::Unknown(Hint { message: hint }),
        }
    }
    let outcome = execute(shop, job, work, adapter.as_ref()).await;
    settle(shop, job, work, outcome).await
}

async fn is_met(shop: &Shop, job: &Job, work: &Work) -> bool {
    let elapsed = shop.now().since(job.begun);
    matches!(look(shop, &work.proof, elapsed, true).await, Look::Met)
}

/// What became of an operation that somebody may have begun.
enum Before {
    /// It was not begun, and what older owners may still send is impossible.
    Not,
    /// It came to this end.
    Ended(Outcome<Receipt>),
    /// Nobody can say yet.
    Open(String),
}

async fn begun_before(shop: &Shop, job: &Job, work: &Work, adapter: &dyn SiteAdapter) -> Before {
    let domain = shop.domain(job.step, &work.site);
    // The lowest token of this epoch: above everything that an earlier owner can have sent, below
    // everything of this one.
    if !shop.raise(adapter, &domain, shop.token(0)).await {
        return Before::Open(format!("{} does not say what became of it", work.site));
    }
    let id = shop.op_id(job);
    match before(shop, shop.now() + Span::secs(30), adapter.operation(&id)).await {
        Some(Ok(OpStatus::NotKnown)) => Before::Not,
        Some(Ok(OpStatus::Ended(outcome))) => Before::Ended(outcome),
        Some(Ok(OpStatus::Pending)) => Before::Open(String::from("it is still on its way")),
        Some(Err(error)) => Before::Open(error.message),
        None => Before::Open(format!("{} does not answer", work.site)),
    }
}

async fn execute(
    shop: &Shop,
    job: &Job,
    work: &Work,
    adapter: &dyn SiteAdapter,
) -> Outcome<Receipt> {
    let context = shop.context(job, &work.site);
    let Some(operation) = &work.operation else {
        return Outcome::refused(ErrorClass::Bug, "there is nothing to ask for");
    };
    let answer = before(shop, job.deadline + GRACE, adapter.execute(&context, operation)).await;
    answer.unwrap_or_else(|| Outcome::unknown(format!("{} did not answer in time", work.site)))
}

/// Turns what an agent says into what is so.
async fn settle(shop: &Shop, job: &Job, work: &Work, outcome: Outcome<Receipt>) -> How {
    match outcome {
        Outcome::Refused(reason) => How::Refused(reason),
        Outcome::Unknown(hint) => How::Unknown(hint),
        Outcome::Done(receipt) if holds(Guard::ReadBack) => {
            read_back(shop, job, work, receipt).await
        }
        Outcome::Done(receipt) => How::Done(receipt),
    }
}

async fn read_back(shop: &Shop, job: &Job, work: &Work, mut receipt: Receipt) -> How {
    // Whoever repeats an attempt finds its own earlier effect: that is no reason not to undo it.
    receipt.already &= !job.resumed && job.attempt == 0;
    let mut pace = Pace::brisk();
    loop {
        let elapsed = shop.now().since(job.begun);
        let words = match look(shop, &work.proof, elapsed, true).await {
            Look::Met => {
                if work.rest > Span::ZERO {
                    shop.sleep(work.rest).await;
                }
                return How::Done(receipt);
            }
            Look::NotYet(words) | Look::Never(words) => words,
            Look::Silent(error) => error.message,
        };
        if shop.now() >= job.deadline {
            return How::unknown(format!("{} says that it is done, but {words}", work.site));
        }
        shop.sleep(pace.pause()).await;
    }
}

/// The site whose word counts for a job.
pub(super) fn site_of(shop: &Shop, job: &Job) -> SiteName {
    match work(shop, job) {
        Some(work) => work.site,
        None => shop.graph.site(shop.graph.step(job.step).site).clone(),
    }
}
