//! The program `btrfs`: the only place that starts it, and what it is told.

mod command;
mod stream;
mod subvolume;

pub(crate) use stream::{STALL, receive, send};
pub(crate) use subvolume::{
    create, delete, is_subvolume, read_only, received, set_read_only, snapshot, snapshot_read_only,
};
