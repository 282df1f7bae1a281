//! Answers about the leg of a consistency group.

use muster_contract::GroupState;
use muster_plans::inventory::ReplicaRole;
use muster_plans::time::Span;

use super::{Met, Wanted, unanswered};

pub(super) fn met(wanted: &Wanted, state: Option<&GroupState>, elapsed: Span) -> Met {
    let Some(leg) = state else {
        return missing(wanted);
    };
    match wanted {
        Wanted::Synced { trails } => synced(leg, *trails, elapsed),
        Wanted::Demoted => demoted(leg),
        Wanted::Promoted { above } => promoted(leg, *above),
        Wanted::Source => source(leg),
        Wanted::Mounted(wanted) => Met::or(leg.mounted == *wanted, || {
            String::from(if leg.mounted { "it is still mounted" } else { "it is not mounted" })
        }),
        Wanted::Preferred(site) => {
            Met::or(leg.preferred.as_ref() == Some(site), || match &leg.preferred {
                Some(other) => format!("{other} is preferred"),
                None => String::from("no site is preferred"),
            })
        }
        Wanted::GroupHealthy { source, in_sync } => healthy(leg, *source, *in_sync),
        Wanted::Writer => Met::or(leg.writable, || String::from("the leg is not writable")),
        Wanted::NoSecondWriter { stretched } => {
            let met = !leg.writable || (*stretched && leg.in_sync);
            Met::or(met, || String::from("the other leg is writable too"))
        }
        _ => unanswered(),
    }
}

/// What is not there has nothing mounted and no writer; everything else needs a leg.
fn missing(wanted: &Wanted) -> Met {
    match wanted {
        Wanted::Mounted(false) | Wanted::NoSecondWriter { .. } => Met::Met,
        _ => Met::Never(String::from("the group is not known there")),
    }
}

/// A lag that is younger than the step holds nothing that was written before it.
fn synced(leg: &GroupState, trails: bool, elapsed: Span) -> Met {
    let caught_up = match leg.lag {
        Some(Span::ZERO) => true,
        Some(lag) => trails && lag <= elapsed,
        None => false,
    };
    Met::or(leg.in_sync || leg.drained || caught_up, || match leg.lag {
        Some(lag) => format!("it is {lag} behind"),
        None => String::from("nobody knows how far it is behind"),
    })
}

fn demoted(leg: &GroupState) -> Met {
    if leg.writable {
        return Met::NotYet(String::from("it still accepts writes"));
    }
    if leg.role == ReplicaRole::RemoteFailedOver {
        // The other leg was promoted. What this one had not sent is not wanted there any more: a
        // reprotect discards it, after a snapshot.
        return Met::Met;
    }
    Met::or(leg.drained, || String::from("acknowledged writes are not all at the other leg"))
}

fn promoted(leg: &GroupState, above: Option<u64>) -> Met {
    if !leg.writable {
        return Met::NotYet(String::from("it does not accept writes"));
    }
    Met::or(above.is_none_or(|above| leg.generation > above), || {
        format!("it is still of generation {}", leg.generation)
    })
}

fn source(leg: &GroupState) -> Met {
    if leg.role != ReplicaRole::Source {
        return Met::NotYet(String::from("it is not the source"));
    }
    Met::or(leg.writable, || String::from("it does not accept writes"))
}

/// A run that continues an earlier one finds the leg that it left read-only, or promoted away from,
/// already so; only the leg that is to be promoted must not have been left behind.
fn healthy(leg: &GroupState, source: bool, in_sync: bool) -> Met {
    if !source && leg.role == ReplicaRole::RemoteFailedOver {
        return Met::Never(String::from("the other leg was promoted; run reprotect first"));
    }
    Met::or(!in_sync || leg.in_sync, || String::from("the legs are not in sync"))
}
