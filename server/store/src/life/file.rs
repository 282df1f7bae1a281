//! The file beside the database: the incarnation, then the marks that the database may carry.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;

/// The file beside the database.
#[derive(Clone, Debug)]
pub(crate) struct LifeFile(pub(crate) PathBuf);

/// What the file says. Where there is none, no mark is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) incarnation: u64,
    pub(crate) marks: Vec<String>,
}

impl LifeFile {
    pub(crate) fn read(&self) -> Result<Known, Error> {
        let text = match std::fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Known::default());
            }
            Err(error) => return Err(Error::File(self.0.clone(), error)),
        };
        let mut lines = text.lines();
        let incarnation = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
        Ok(Known { incarnation, marks: lines.map(ToOwned::to_owned).collect() })
    }

    /// Replaces the file as a whole, durably.
    pub(crate) fn write(&self, incarnation: u64, marks: &[&str]) -> Result<(), Error> {
        self.replace(&format!("{incarnation}\n{}\n", marks.join("\n")))
            .map_err(|error| Error::File(self.0.clone(), error))
    }

    fn replace(&self, text: &str) -> std::io::Result<()> {
        let new = self.0.with_extension("life-new");
        let mut file = std::fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &self.0)?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        std::fs::File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

/// 128 random bits in hexadecimal.
pub(crate) fn new_mark() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
