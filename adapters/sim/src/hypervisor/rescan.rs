//! Makes hosts look for storage again.

use crate::op::{Call, Checked, Note, Todo};
use crate::world::World;

/// There is always something to look for: nobody can say that hosts have seen everything.
pub(super) fn check() -> Checked {
    Ok(Todo::WORK)
}

/// Volumes that can be written appear; nothing else changes.
pub(super) fn apply(world: &mut World, call: &Call<'_>) -> Note {
    for group in world.groups.values_mut() {
        if let Some(side) = group.side(call.site) {
            let leg = &mut group.legs[side];
            leg.mounted |= leg.serving;
        }
    }
    None
}
