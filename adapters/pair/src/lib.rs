//! What two legs of an active/passive pair may do.
//!
//! Two agents keep a leg of each group: what each remembers is a [`Leg`], what it tells the other a
//! [`Report`]. The functions of [`decide`] say what follows from both: who may write, who steps down, what is
//! sent and taken in. They look at values only; an adapter carries them out with whatever its product has.

pub mod decide;
mod leg;
pub mod point;
mod volume;

pub use leg::{CloneFile, Fence, Leg, Report, leads};
pub use volume::volume;
