//! Runs: their graph, the protection groups that they hold, how they end.

mod change;
mod create;
mod graph;
mod read;
mod value;

pub use change::Finish;
pub use create::CreateRun;
pub use value::{Run, RunFilter};

/// The runs of a store.
#[derive(Debug)]
pub struct Runs<'a>(pub(crate) &'a crate::Store);
