//! Documents: as they stand, every version that they had, and the generation of the whole set.

mod apply;
mod read;
mod value;

pub use value::{
    Applied, Base, Change, ChangeSet, DocumentVersion, SetMark, StoredDocument, WhatChange,
};

/// The documents of a store.
#[derive(Debug)]
pub struct Documents<'a>(pub(crate) &'a crate::Store);
