//! What may be done: synchronous functions over values, one file for each question.

pub(crate) mod fence;
pub(crate) mod pair;
pub(crate) mod stretch;
pub(crate) mod witness;

use muster_plans::id::RecoveryPointId;

/// What is asked of a promotion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) point: Option<&'a RecoveryPointId>,
    pub(crate) forced: bool,
    pub(crate) above: u64,
}
