//! Everything that can happen.

/// One thing that can happen. Servers are numbered 0 and 1, sites too (A is 0), requests by their place
/// among those on their way, objects as in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A person starts the failover.
    StartFailover,
    /// A person starts the failback.
    StartFailback,
    /// A person cancels the failback.
    Cancel(u8),
    /// A person gives a run up that cannot go on.
    GiveUp,
    /// A person rules that a step is tried again.
    RuleRetry(u8),
    /// While it holds, the server reads the world.
    ReadWorld,
    /// While it holds, the server raises the fence at a site.
    RaiseAt(u8),
    /// While the server holds, a person cuts A off by hand.
    FenceByHand,
    /// A person lets the server go on.
    Release,
    /// A server takes the run's lease.
    Acquire(u8),
    /// A server appends the record that is due.
    Append(u8),
    /// A server looks for evidence.
    Look(u8),
    /// A server sends a request.
    Send(u8),
    /// A server asks what an earlier owner has begun.
    AskBefore(u8),
    /// A server hears that it is done.
    Hear(u8),
    /// A server hears nothing.
    TimeOut(u8),
    /// A server reads back.
    ReadBack(u8),
    /// A server finds out what became of an operation.
    Resolve(u8),
    /// A server goes on without a fence.
    GoOnUnfenced(u8),
    /// A server lets a lost run go.
    LetGo(u8),
    /// A server stops without a word.
    Crash(u8),
    /// A request arrives.
    Deliver(u8),
    /// A request arrives, and will arrive again.
    DeliverTwice(u8),
    /// A request is lost.
    Lose(u8),
    /// An agent calls its backend.
    Launch(u8),
    /// An operation has its effect.
    Land(u8),
    /// A backend acknowledges what it has not done yet.
    AcknowledgeEarly(u8),
    /// What is at a backend only has its effect.
    LandLate,
    /// An agent starts anew while an operation on this object is under way.
    Restart(u8),
    /// Word of the fence reaches A.
    HearFence,
    /// A is lost.
    LoseA,
    /// A comes back.
    ReturnA,
    /// The database is replaced by an older one.
    Restore(u8),
}

impl Action {
    /// Whether it is a fault, rather than something that the product or a person does.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Action::Crash(_)
                | Action::DeliverTwice(_)
                | Action::Lose(_)
                | Action::AcknowledgeEarly(_)
                | Action::Restart(_)
                | Action::LoseA
                | Action::Restore(_)
        )
    }
}
