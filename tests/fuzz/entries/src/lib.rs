//! What the fuzz targets do with their bytes: one plain function for each. Whatever the bytes are, it
//! returns; it panics where a promise does not hold.

mod answers;
#[cfg(feature = "server")]
mod bodies;
mod documents;
mod formats;
mod journal;

pub use answers::answers;
#[cfg(feature = "server")]
pub use bodies::bodies;
pub use documents::documents;
pub use formats::formats;
pub use journal::journal;

/// What a target does with its bytes.
pub type Entry = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus.
pub const ALL: &[(&str, Entry)] = &[
    ("answers", answers),
    #[cfg(feature = "server")]
    ("bodies", bodies),
    ("documents", documents),
    ("formats", formats),
    ("journal", journal),
];
