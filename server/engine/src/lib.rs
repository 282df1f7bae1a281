//! Durable execution of a step graph.
//!
//! The truth of a run is its journal, append-only. State is folded from it by one total function, the
//! same live and on replay; `decide` looks at the state and says what to journal and what to start;
//! the executor is a thin loop that does so. This crate knows no SQL, no HTTP and no vendor: it is
//! handed a [`Journal`], [`Leases`], [`Sites`], [`Callouts`] and a [`Clock`].

mod closing;
pub mod decide;
mod engine;
mod event;
mod executor;
mod limits;
mod ports;
pub mod state;
pub mod step;
pub mod testing;
mod view;
mod writer;

pub use closing::{owed_sites, plan_event};
pub use engine::{CommandError, Engine, Ports, Pulse, StartError, Stop};
pub use event::{
    Answer, By, Cause, Ending, Event, Evidence, EvidenceSource, Opening, Ordinal, Record, Verdict,
};
pub use limits::Limits;
pub use ports::{
    Append, AppendError, CalloutCall, Callouts, Clock, Fence, Journal, JournalError, LeaseSight,
    Leases, OwnerId, Sites,
};
pub use state::{Course, Illegal, RunState, StepState, fold};
pub use view::{PhaseView, RunView, RunningStep, StateWord, StepView, Waiting, WaitingFor};
