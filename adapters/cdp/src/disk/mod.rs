//! Files and folders of a root.

mod blocks;
mod copy;
mod link;

pub(crate) use blocks::{digests, joined, overall, read_block, write_block};
pub(crate) use copy::{copy, copy_file, reflinks, remove_all, settle};
pub(crate) use link::{blocking, link, linked, names, read, remove, replace, write};
