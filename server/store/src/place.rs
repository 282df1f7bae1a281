//! Where a database is.

use std::path::{Path, PathBuf};

use crate::Error;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// SQLite in memory, gone when the store is dropped.
    Memory,
}

impl Place {
    /// Reads a path, `sqlite:PATH`, `sqlite://PATH` or `:memory:`.
    pub(crate) fn parse(location: &str) -> Result<Place, Error> {
        let path = match location.split_once(':') {
            Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
            // One letter is a drive.
            Some((scheme, rest)) if scheme.len() > 1 && rest.starts_with("//") => {
                return Err(Error::Unsupported(format!("{scheme}:")));
            }
            _ => location,
        };
        match path {
            "" => Err(Error::Unsupported(location.to_owned())),
            ":memory:" => Ok(Place::Memory),
            path => Ok(Place::File(PathBuf::from(path))),
        }
    }

    /// The file, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Place::File(path) => Some(path),
            Place::Memory => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_name_a_place() {
        let file = |path: &str| Place::File(PathBuf::from(path));
        assert_eq!(Place::parse("muster.db").unwrap(), file("muster.db"));
        assert_eq!(Place::parse("sqlite:/var/lib/m.db").unwrap(), file("/var/lib/m.db"));
        assert_eq!(Place::parse("sqlite:///var/lib/m.db").unwrap(), file("/var/lib/m.db"));
        assert_eq!(Place::parse(":memory:").unwrap(), Place::Memory);
        assert_eq!(Place::parse("sqlite::memory:").unwrap(), Place::Memory);
    }

    #[test]
    fn a_database_that_is_not_spoken_is_named_without_its_password() {
        let error = Place::parse("postgres://muster:secret@db/muster").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`postgres:` is no database that this server speaks; give a file path or `sqlite:PATH`"
        );
    }
}
