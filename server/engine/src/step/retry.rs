//! How often a step is tried, and how long is waited in between.

use muster_contract::ErrorClass;
use muster_plans::graph::Action;
use muster_plans::time::Span;

/// What may be done when an attempt definitely changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Try again.
    Idempotent,
    /// Look first, then try again.
    QueryFirst,
    /// Never by itself.
    Once,
}

/// Limits of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The class.
    pub class: Class,
    /// Attempts in all.
    pub attempts: u32,
    /// The pause before the second attempt; doubled for each further one, up to a minute.
    pub backoff: Span,
}

const LONGEST: u64 = 60_000;

impl Retry {
    /// Whether a refusal of this class ends the step after `made` attempts.
    pub fn is_last(&self, refusal: ErrorClass, made: u32) -> bool {
        let worth = matches!(refusal, ErrorClass::Retry | ErrorClass::Capacity);
        !worth || made >= self.attempts
    }

    /// The pause after `made` attempts.
    pub fn pause(&self, made: u32) -> Span {
        let doubled = self.backoff.0.saturating_mul(1 << made.saturating_sub(1).min(16));
        Span(doubled.min(LONGEST))
    }
}

/// The limits of an action. Setting a state can be repeated at will. What makes or moves an object is
/// looked at before it is repeated, because a repetition in vain costs minutes. A callout is anybody's
/// code: nobody knows what running it twice would do.
pub fn retry(action: &Action) -> Retry {
    match action {
        Action::Callout(_) => Retry { class: Class::Once, attempts: 1, backoff: Span::ZERO },
        Action::PromoteStorage(_)
        | Action::ReverseReplication(_)
        | Action::SnapshotForTest(_)
        | Action::RegisterVm(_)
        | Action::Migrate(..)
        | Action::CustomizeIp(_) => {
            Retry { class: Class::QueryFirst, attempts: 4, backoff: Span::secs(2) }
        }
        _ => Retry { class: Class::Idempotent, attempts: 4, backoff: Span::secs(1) },
    }
}
