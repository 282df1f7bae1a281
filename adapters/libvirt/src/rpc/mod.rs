//! libvirt's remote protocol.

mod connection;
mod error;
pub mod frame;
mod line;
mod procedure;
mod replicate;
#[cfg(test)]
mod tests;

pub use connection::{Connection, Lifecycle, Told};
pub use error::{CallError, Refusal, class, code};
pub use line::{Line, LineError, Tls, dial};
pub use procedure::*;
pub use replicate::*;
