//! Looks at clusters.

mod index;
mod pair;
mod stretch;

pub(crate) use index::{AT_ONCE, FRESH, Index, Indexed, NEW, one_pool};
pub(crate) use pair::{clone_spec, held_by_a_daemon};
