//! Power loss. A run is recorded, call by call, on its way to the file system; from the recording every
//! state is made in which a disk may be found after the power failed; and the real store opens each.
//!
//! `README.md` beside this crate says what is legal and why it is recorded the way it is.

mod campaign;
mod check;
mod disk;
mod image;
mod mark;
mod record;
mod scene;
mod strace;
mod told;
mod workload;

pub use campaign::{Campaign, Report};
pub use record::{Recording, Sabotage};
pub use workload::play;
