//! The guards of the protocol, each with a switch.

/// Where an agent compares tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The backend itself, at the effect: `FenceLevel::Native`, as in `adapters/sim/src/ledger.rs`.
    AtEffect,
    /// The agent, before it calls a backend that knows no tokens (`FenceLevel::AgentEnforced`). A fence
    /// waits for whatever may be at the backend, also from before the agent's restart.
    AtLaunchAndDrain,
    /// The same, but a restarted agent no longer knows what is at the backend.
    AtLaunchForgetful,
    /// When a request is accepted, and never again.
    AtAcceptance,
}

/// What lies between the restore of an older database and going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// A new incarnation; the fence is raised at every site (one that is silent must be fenced); then the
    /// world is read, and what contradicts the journal is refused.
    RaiseThenRead,
    /// The same, but a site that is silent is passed over.
    RaiseWhoAnswers,
    /// The world is read first and the fences are raised then.
    ReadThenRaise,
    /// The world is read, no fence is raised.
    ReadOnly,
    /// The fences are raised, and what the world says is not compared.
    RaiseOnly,
    /// Nothing but the new incarnation.
    IncarnationOnly,
    /// Not even that.
    Nothing,
}

/// Which guards hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// A token holds the position of its intent, not only the epoch of a lease.
    pub token_per_operation: bool,
    /// Tokens are compared at all.
    pub tokens: bool,
    /// Where.
    pub check: Check,
    /// An append holds only under the lease in the row and at the journal's end.
    pub compare_and_set: bool,
    /// An acknowledged step is read back before it counts.
    pub read_back: bool,
    /// The promote of a failover waits for evidence that the other site cannot write.
    pub evidence: bool,
    /// The evidence is newer than the fence that it is about.
    pub fence_before_evidence: bool,
    /// A fence that nobody can vouch for holds the failover up.
    pub fence_required: bool,
    /// The old writer is demoted before its fence is lifted.
    pub demote_before_unfence: bool,
    /// An intent is durable before its request is sent.
    pub intent_first: bool,
    /// The agent remembers results by operation id.
    pub memory: bool,
    /// Behind the pivot nothing is undone, and an undo waits for what is under way.
    pub pivot: bool,
    /// After a restore.
    pub release: Release,
}

impl Guards {
    /// All of them.
    pub const ALL: Guards = Guards {
        token_per_operation: true,
        tokens: true,
        check: Check::AtEffect,
        compare_and_set: true,
        read_back: true,
        evidence: true,
        fence_before_evidence: true,
        fence_required: true,
        demote_before_unfence: true,
        intent_first: true,
        memory: true,
        pivot: true,
        release: Release::RaiseThenRead,
    };

    /// Whether every later token is higher than every earlier one.
    pub(crate) fn tokens_rise(&self) -> bool {
        self.tokens && self.compare_and_set && self.release != Release::Nothing
    }
}
