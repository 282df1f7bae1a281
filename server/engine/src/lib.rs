//! Durable execution of a step graph.
//!
//! The truth of a run is its journal, append-only. State is folded from it by one total function, the
//! same live and on replay; `decide` looks at the state and says what to journal and what to start;
//! the executor is a thin loop that does so. This crate knows no SQL, no HTTP and no vendor: it is
//! handed a [`Journal`], [`Leases`], [`Sites`], [`Callouts`] and a [`Clock`].

mod event;
mod ports;

pub use event::{
    Answer, By, Cause, Ending, Event, Evidence, EvidenceSource, Opening, Ordinal, Record, Verdict,
};
pub use ports::{
    Append, AppendError, CalloutCall, Callouts, Clock, Fence, Journal, JournalError, Leases,
    OwnerId, Sites,
};
