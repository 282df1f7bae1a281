//! What goes wrong in a plot, and when.

use muster_adapter_sim::{Fault, FaultId};
use muster_contract::OperationKind;
use muster_engine::{Append, Event};
use muster_plans::graph::StepIx;
use muster_plans::id::SiteName;

use super::act::Act;
use crate::example::Setting;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// A fault with a moment, waiting for an operation of the target.
    Fault(Fault),
    /// Directions of lines that are cut, as bits in the order of [`ways`]. `half_way`: when half of the
    /// target's operations were sent; otherwise before its first one.
    Cut {
        /// Which.
        ways: u8,
        /// When.
        half_way: bool,
    },
    /// The server dies at a point of the target; its successor dies as well, so many visits of any such
    /// point later.
    Crash {
        /// Where.
        spot: Spot,
        /// When the successor dies.
        again: Option<u64>,
    },
    /// A step of the target is refused, however often it is tried. Whatever is undone then is undone
    /// twice.
    Refuse(StepIx),
    /// A person cancels the target while a step of it is under way. What is undone is undone twice.
    Cancel(StepIx),
    /// A step of the target is done twice, under the same operation id and as a new attempt.
    Double(StepIx),
}

/// One cell of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// In which world, under which plan.
    pub setting: Setting,
    /// A world of the demo's size, instead of the smallest.
    pub whole: bool,
    /// What is done.
    pub act: Act,
    /// What every site refuses from the start of the target on, until all faults are over.
    pub refused: Option<OperationKind>,
    /// What goes wrong; `None`: nothing.
    pub trouble: Option<Trouble>,
}

impl Plot {
    /// Whether operations may have their effect twice.
    pub(crate) fn doubles(&self) -> bool {
        let fault = |trouble: &Trouble| match trouble {
            Trouble::Fault(fault) => fault.id == FaultId::F7,
            _ => false,
        };
        self.trouble.as_ref().is_some_and(fault)
    }
}

/// The six directions of the lines between two sites and the witness.
pub fn ways(sites: &[SiteName; 2], witness: &str) -> [(String, String); 6] {
    let [a, b] = sites.each_ref().map(ToString::to_string);
    let w = witness.to_owned();
    [
        (a.clone(), b.clone()),
        (b.clone(), a.clone()),
        (a.clone(), w.clone()),
        (w.clone(), a),
        (b.clone(), w.clone()),
        (w, b),
    ]
}

/// A point in the life of a step, at which a server can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Which step; `None`: the run itself, its opening and its end.
    pub step: Option<StepIx>,
    /// Which of its records or calls.
    pub part: Part,
    /// When it has happened, and the server does not know yet; otherwise before it happens.
    pub after: bool,
}

/// A part of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The record that it is going to be done; of a run, its opening.
    Intent,
    /// The operation.
    Call,
    /// The record that it is done; of a run, its end.
    End,
}

/// What records are about, but for undone steps.
pub(super) fn parts(append: &Append) -> impl Iterator<Item = (Option<StepIx>, Part)> + '_ {
    append.records.iter().filter_map(|record| match &record.event {
        Event::Opened(_) => Some((None, Part::Intent)),
        Event::Ended(_) => Some((None, Part::End)),
        Event::Intent { step, undo: false, .. } => Some((Some(*step), Part::Intent)),
        Event::Done { step, undo: false, .. } | Event::Answered { step, .. } => {
            Some((Some(*step), Part::End))
        }
        _ => None,
    })
}
