//! What an answer must be for a step to count as done.

mod group;
mod vm;

use std::sync::Arc;

use muster_contract::{BubbleState, CloneState, FenceState, Observation, Observed};
use muster_plans::document::Wait;
use muster_plans::id::{NetworkName, RunTag, SiteName};
use muster_plans::inventory::{HostState, Power};
use muster_plans::time::Span;

/// Whether an answer proves a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// It does.
    Met,
    /// It does not yet; what was seen.
    NotYet(String),
    /// It never will; what was seen.
    Never(String),
}

impl Met {
    fn or(met: bool, seen: impl FnOnce() -> String) -> Met {
        if met { Met::Met } else { Met::NotYet(seen()) }
    }
}

/// What an answer must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The site answers.
    Alive,
    /// A VM's power. A VM that is not registered is off; one that is off is as good as suspended.
    Power(Power),
    /// Whether a VM is registered.
    Registered(bool),
    /// A VM runs here and no move of it is under way.
    Arrived,
    /// Each of these cards is connected to its network.
    Connected(Vec<(Arc<str>, NetworkName)>),
    /// Each of these cards has exactly these addresses.
    Addressed(Vec<(Arc<str>, Vec<ipnet::IpNet>)>),
    /// A VM runs, answers as the plan says, and has written since it was powered on.
    Healthy(Wait),
    /// Nothing that was written before the step began is missing at the other leg.
    Synced {
        /// The other leg is behind by design; the lag must be younger than the step.
        trails: bool,
    },
    /// Read-only and drained.
    Demoted,
    /// Writable.
    Promoted {
        /// Its generation must be above this one; `None`: writable is enough.
        above: Option<u64>,
    },
    /// Source of the replication, and writable.
    Source,
    /// Whether hosts have a group mounted.
    Mounted(bool),
    /// The preferred site of a stretched group.
    Preferred(SiteName),
    /// The leg may be used.
    GroupHealthy {
        /// It is the one that is written.
        source: bool,
        /// Both legs must hold the same data.
        in_sync: bool,
    },
    /// The leg accepts writes.
    Writer,
    /// The other leg does not, or is stretched and in sync.
    NoSecondWriter {
        /// The group is stretched.
        stretched: bool,
    },
    /// A clone exists and carries this tag.
    CloneExists(RunTag),
    /// A clone is mounted.
    CloneMounted,
    /// A clone is gone.
    CloneGone,
    /// A bubble exists and carries this tag.
    BubbleExists(RunTag),
    /// A bubble is gone.
    BubbleGone,
    /// A host runs VMs.
    HostUp,
    /// A fence reads back like this.
    Fence(FenceState),
    /// Nothing carries the tag any more.
    NothingLeft,
}

impl Wanted {
    /// Whether an answer is as wanted, for a step that began `elapsed` ago. An answer of the wrong
    /// shape proves nothing.
    pub fn met(&self, seen: &Observed, elapsed: Span) -> Met {
        match (&seen.state, self) {
            (Observation::Group(state), wanted) => group::met(wanted, state.as_ref(), elapsed),
            (Observation::Vm(state), wanted) => vm::met(wanted, state.as_ref()),
            (Observation::Clone(state), wanted) => clone(wanted, state.as_ref()),
            (Observation::Bubble(state), wanted) => bubble(wanted, state.as_ref()),
            (Observation::Host(state), Wanted::HostUp) => match state.as_ref().map(|h| h.state) {
                Some(HostState::Up) => Met::Met,
                Some(state) => Met::NotYet(format!("the host is {}", host_word(state))),
                None => Met::Never(String::from("the host is not known there")),
            },
            (Observation::Fence(state), Wanted::Fence(wanted)) => fence(*wanted, *state),
            (Observation::Leftovers(left), Wanted::NothingLeft) => {
                Met::or(left.is_empty(), || leftovers(left))
            }
            (Observation::Alive { .. }, Wanted::Alive) => Met::Met,
            _ => unanswered(),
        }
    }
}

/// A fence that was asked for is as much as can be had against a site that is gone: it is recorded where
/// that site must look before it writes again. Whether the site can write is for the gate behind it,
/// which counts only what was observed since.
fn fence(wanted: FenceState, seen: FenceState) -> Met {
    let met = match wanted {
        FenceState::Fenced | FenceState::Asked => seen != FenceState::Unfenced,
        FenceState::Unfenced => seen == FenceState::Unfenced,
    };
    Met::or(met, || {
        let word = if seen == FenceState::Unfenced { "not fenced" } else { "fenced" };
        format!("the site is {word}")
    })
}

fn unanswered() -> Met {
    Met::Never(String::from("the answer is of another kind than the question"))
}

fn host_word(state: HostState) -> &'static str {
    match state {
        HostState::Up => "up",
        HostState::Standby => "in standby",
        HostState::Down => "down",
    }
}

fn leftovers(left: &[String]) -> String {
    let shown = left.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let more = left.len().saturating_sub(5);
    if more > 0 { format!("left: {shown} and {more} more") } else { format!("left: {shown}") }
}

fn clone(wanted: &Wanted, state: Option<&CloneState>) -> Met {
    match (wanted, state) {
        (Wanted::CloneExists(tag), Some(state)) if state.tag == *tag => Met::Met,
        (Wanted::CloneExists(_), Some(state)) => {
            Met::Never(format!("a clone of that name belongs to {}", state.tag))
        }
        (Wanted::CloneMounted, Some(state)) => {
            Met::or(state.mounted, || String::from("the clone is not mounted"))
        }
        (Wanted::CloneExists(_) | Wanted::CloneMounted, None) => {
            Met::NotYet(String::from("there is no such clone"))
        }
        (Wanted::CloneGone, state) => {
            Met::or(state.is_none(), || String::from("the clone is still there"))
        }
        _ => unanswered(),
    }
}

fn bubble(wanted: &Wanted, state: Option<&BubbleState>) -> Met {
    match (wanted, state) {
        (Wanted::BubbleExists(tag), Some(state)) if state.tag == *tag => Met::Met,
        (Wanted::BubbleExists(_), Some(state)) => {
            Met::Never(format!("a network of that name belongs to {}", state.tag))
        }
        (Wanted::BubbleExists(_), None) => Met::NotYet(String::from("there is no such network")),
        (Wanted::BubbleGone, state) => {
            Met::or(state.is_none(), || String::from("the network is still there"))
        }
        _ => unanswered(),
    }
}
