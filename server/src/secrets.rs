//! Secrets that documents name and never hold: files in the data folder, which only the server's user reads.
//!
//! A backend's `secretRef: paris-agent` names up to three files below `secrets/`: `paris-agent.token` is the
//! token that its agent asks for, `paris-agent.pem` the certificate and key that the server shows to it, and
//! `paris-agent.ca.pem` who signs the agent's own certificate.

use std::io::ErrorKind;
use std::path::Path;

use muster_adapter_remote::client::RemoteOptions;

/// The folder of secrets in the data folder.
pub(crate) const FOLDER: &str = "secrets";

/// A secret that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// It could lead out of the folder.
    #[error("`{0}` is no name of a secret: letters, digits, `-`, `_` and `.`, not at the front")]
    Name(String),
    /// There is none.
    #[error("there is no secret `{name}`: put `{name}.token` or `{name}.pem` into {folder}")]
    Missing {
        /// Which.
        name: String,
        /// Where.
        folder: String,
    },
    /// It is there and cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Puts what a secret holds into the options for an agent.
pub(crate) fn put(data: &Path, name: &str, options: &mut RemoteOptions) -> Result<(), SecretError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(SecretError::Name(name.to_owned()));
    }
    let folder = data.join(FOLDER);
    let read = |ending: &str| {
        let path = folder.join(format!("{name}.{ending}"));
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => {
                Err(SecretError::Unreadable { path: path.display().to_string(), source })
            }
        }
    };
    let token = read("token")?;
    options.token = token.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    options.identity_pem = read("pem")?;
    options.ca_pem = read("ca.pem")?;
    if options.token.is_none() && options.identity_pem.is_none() && options.ca_pem.is_none() {
        let folder = folder.display().to_string();
        return Err(SecretError::Missing { name: name.to_owned(), folder });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_plans::time::Time;

    use super::*;

    #[test]
    fn a_secret_is_a_few_files_and_leads_nowhere_else() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join(FOLDER);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("paris.token"), "word\n").unwrap();
        std::fs::write(folder.join("lyon.pem"), "PEM").unwrap();
        std::fs::write(data.path().join("muster.token"), "the database's neighbour").unwrap();
        let read = |name: &str| {
            let mut options = RemoteOptions::new(Arc::new(|| Time(0)));
            put(data.path(), name, &mut options)
                .map(|()| (options.token, options.identity_pem))
                .map_err(|error| error.to_string())
        };
        assert_eq!(read("paris"), Ok((Some("word".to_owned()), None)));
        assert_eq!(read("lyon"), Ok((None, Some(b"PEM".to_vec()))));
        assert!(read("nantes").unwrap_err().starts_with("there is no secret `nantes`: put"));
        for name in ["../muster", "", ".paris", "a/b", "a\0b"] {
            assert!(read(name).unwrap_err().contains("is no name of a secret"), "{name}");
        }
    }
}
