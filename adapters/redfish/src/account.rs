//! Who signs in at a BMC. The password stays in its file until it is needed, so that it can be changed there.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A user, and where the password is.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) file: PathBuf,
}

/// Not for anybody's eyes.
pub(crate) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl Account {
    pub(crate) fn password(&self) -> Result<Secret, Error> {
        password(&self.file)
    }
}

/// The first line of a file. An empty one is no password: `ipmitool` would take it for "none is needed".
pub(crate) fn password(path: &Path) -> Result<Secret, Error> {
    let wrong = |why: String| Error::Account { path: path.display().to_string(), why };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret(line.to_owned())),
        _ => Err(wrong("it is empty".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_a_line_that_nobody_prints() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "geheim \n").unwrap();
        let secret = password(&path).unwrap();
        assert_eq!(secret.reveal(), "geheim ");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for empty in ["", "\n", "\nsecond"] {
            std::fs::write(&path, empty).unwrap();
            assert!(password(&path).is_err(), "{empty:?}");
        }
        assert!(password(&dir.path().join("none")).is_err());
    }
}
