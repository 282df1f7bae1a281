//! Files as they were given, and places in them.

mod lines;
mod located;
mod split;

pub(crate) use lines::Lines;
pub use located::{At, Located, Places};
pub(crate) use split::documents;

use crate::finding::{Code, Finding};

/// A file that was read by someone else: this crate opens none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// As findings name it.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl SourceFile {
    /// A file with its text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> SourceFile {
        SourceFile { name: name.into(), text: text.into() }
    }

    /// A file with its bytes.
    ///
    /// # Errors
    /// A finding where they are no UTF-8 text, with the byte at which that shows.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<SourceFile, Box<Finding>> {
        let name = name.into();
        match String::from_utf8(bytes) {
            Ok(text) => Ok(SourceFile { name, text }),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let good = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
                let lines = Lines::new(&SourceFile { name, text: good });
                let mut finding = Finding::error(
                    Code::NotText,
                    format!("byte {} is no part of an UTF-8 text", at + 1),
                    "save the file as UTF-8; a document is plain text",
                );
                finding.place = Some(lines.place(at..at));
                Err(Box::new(finding))
            }
        }
    }
}
