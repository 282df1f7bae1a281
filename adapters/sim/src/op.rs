//! What an operation needs, and what it does: one file per verb below, told apart here.
//!
//! Each verb is a `check` that changes nothing, and an `apply` that cannot fail once the check has
//! passed at the same instant. A dry run is the check alone.

use muster_contract::{
    ErrorClass, HypervisorOp, Instance, Mode, OpContext, Operation, Reason, StorageOp,
};
use muster_plans::guard::{Guard, holds};
use muster_plans::id::{RunTag, SiteName};
use muster_plans::time::Span;

use crate::world::World;
use crate::{fencing, hypervisor, storage};

/// Who asks, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) site: &'a SiteName,
    pub(crate) ctx: &'a OpContext,
}

/// What is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Todo {
    /// The object is in the wanted state.
    Nothing,
    /// This, which takes that long on top of the operation's own latency.
    Work(Span),
}

impl Todo {
    pub(crate) const WORK: Todo = Todo::Work(Span::ZERO);
}

pub(crate) type Checked = Result<Todo, Reason>;

/// What people are told about an effect.
pub(crate) type Note = Option<String>;

pub(crate) fn no<T>(class: ErrorClass, message: impl Into<String>) -> Result<T, Reason> {
    Err(Reason { class, message: message.into() })
}

pub(crate) fn not_now<T>(message: impl Into<String>) -> Result<T, Reason> {
    no(ErrorClass::Precondition, message)
}

pub(crate) fn missing<T>(what: impl std::fmt::Display) -> Result<T, Reason> {
    no(ErrorClass::NotFound, format!("{what} does not exist here"))
}

impl Call<'_> {
    /// The tag that the context carries; objects of a test cannot be made without one.
    pub(crate) fn tag(&self) -> Result<&RunTag, Reason> {
        self.ctx.run_tag.as_ref().map_or_else(|| not_now("the context carries no run tag"), Ok)
    }

    pub(crate) fn owns(&self, tag: &RunTag, what: impl std::fmt::Display) -> Result<(), Reason> {
        if self.ctx.run_tag.as_ref() == Some(tag) || !holds(Guard::OwnTag) {
            return Ok(());
        }
        not_now(format!("{what} carries the tag {tag}, which is not the tag of this run"))
    }
}

impl World {
    /// Whether an operation could have its effect now.
    pub(crate) fn check(&mut self, call: &Call<'_>, op: &Operation) -> Checked {
        guard(call.ctx, op)?;
        self.settle_for(op);
        match op {
            Operation::Storage(op) => storage::check(self, call, op),
            Operation::Hypervisor(op) => hypervisor::check(self, call, op),
            Operation::Fencing(op) => fencing::check(self, call, op),
        }
    }

    /// Lets an operation have its effect.
    pub(crate) fn apply(&mut self, call: &Call<'_>, op: &Operation) -> Note {
        match op {
            Operation::Storage(op) => storage::apply(self, call, op),
            Operation::Hypervisor(op) => hypervisor::apply(self, call, op),
            Operation::Fencing(op) => fencing::apply(self, call, op),
        }
    }

    fn settle_for(&mut self, op: &Operation) {
        if let Operation::Storage(op) = op {
            self.settle(storage::group(op));
        }
    }
}

/// A test touches nothing without its tag. Sending data, waking hosts and looking for storage take
/// nothing from production; VMs that make room are suspended and resumed under the test's tag.
fn guard(ctx: &OpContext, op: &Operation) -> Result<(), Reason> {
    use HypervisorOp as H;
    if !matches!(ctx.mode, Mode::Test | Mode::Cleanup) {
        return Ok(());
    }
    let tag = match op {
        Operation::Storage(StorageOp::Sync { .. })
        | Operation::Hypervisor(H::Rescan | H::WakeHost(_)) => return Ok(()),
        Operation::Storage(StorageOp::SnapshotForTest { .. } | StorageOp::DropTest { .. })
        | Operation::Hypervisor(
            H::CreateBubble { .. }
            | H::DropBubble { .. }
            | H::MountTest { .. }
            | H::Suspend(_)
            | H::Resume(_),
        ) => None,
        Operation::Hypervisor(H::RegisterTest(spec)) => Some(&spec.tag),
        Operation::Hypervisor(H::ConnectTestNics { tag, .. }) => Some(tag),
        Operation::Hypervisor(
            H::Unregister(Instance::Test(_, tag))
            | H::CustomizeIp { instance: Instance::Test(_, tag), .. }
            | H::PowerOn(Instance::Test(_, tag))
            | H::PowerOff(Instance::Test(_, tag)),
        ) => Some(tag),
        Operation::Storage(_) | Operation::Hypervisor(_) | Operation::Fencing(_) => {
            return not_now(format!("a test does not touch {}", op.object()));
        }
    };
    match (&ctx.run_tag, tag) {
        (None, _) => not_now("a test needs a run tag in its context"),
        (Some(own), Some(tag)) if own != tag => {
            not_now(format!("{} does not carry the tag {own} of this test", op.object()))
        }
        (Some(_), _) => Ok(()),
    }
}

/// Whether doing it twice is not the same as doing it once: each promote raises the generation.
pub(crate) fn repeatable(op: &Operation) -> bool {
    matches!(op, Operation::Storage(StorageOp::Promote { .. }))
}
