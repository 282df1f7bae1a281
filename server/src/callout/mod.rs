//! Registered callouts: programs that an administrator allowed, by name.
//!
//! They stand in `callouts.json` in the server's data folder, outside of the API and of every plan
//! document: whoever may edit plans may not thereby run programs. A program is started without a
//! shell, with an empty environment, in a process group of its own, and only while its SHA-256 is
//! what was registered.

mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use muster_contract::{ErrorClass, OpContext, Outcome, Receipt};
use muster_engine::{CalloutCall, Callouts};
use muster_plans::id::CalloutName;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a callout touches; decides whether a test may run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effects {
    /// Nothing outside of itself.
    None,
    /// Only what a test made.
    Test,
    /// Production. Left out of tests.
    Production,
}

/// A registered callout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registered {
    /// The name that plans use.
    pub name: CalloutName,
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Fixed arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// SHA-256 of the program, in hex.
    pub sha256: String,
    /// What it touches.
    pub effects: Effects,
}

/// All registered callouts.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    callouts: BTreeMap<CalloutName, Registered>,
}

/// Why the registry could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file is there and cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path} is not a list of callouts: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Registry {
    /// Reads `callouts.json`; where there is none, no callout is registered.
    ///
    /// # Errors
    /// Where the file is there and not a list of callouts.
    pub fn read(path: &Path) -> Result<Registry, RegistryError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Registry::default());
            }
            Err(source) => return Err(RegistryError::Read { path: path.to_owned(), source }),
        };
        let list: Vec<Registered> = serde_json::from_slice(&text)
            .map_err(|source| RegistryError::Parse { path: path.to_owned(), source })?;
        Ok(Registry { callouts: list.into_iter().map(|c| (c.name.clone(), c)).collect() })
    }

    /// Callouts that a test may run.
    pub fn safe_in_tests(&self) -> BTreeSet<CalloutName> {
        let safe = self.callouts.values().filter(|c| c.effects != Effects::Production);
        safe.map(|c| c.name.clone()).collect()
    }
}

/// SHA-256 of a file, in hex.
///
/// # Errors
/// Where it cannot be read.
pub fn digest_of(path: &Path) -> std::io::Result<String> {
    let hash = Sha256::digest(std::fs::read(path)?);
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[async_trait]
impl Callouts for Registry {
    async fn call(&self, ctx: &OpContext, call: &CalloutCall) -> Outcome<Receipt> {
        let Some(callout) = self.callouts.get(&call.name) else {
            let message = format!("no callout `{}` is registered at this server", call.name);
            return Outcome::refused(ErrorClass::NotFound, message);
        };
        match digest_of(&callout.program) {
            Ok(digest) if digest == callout.sha256 => process::run(callout, ctx, call).await,
            Ok(_) => Outcome::refused(
                ErrorClass::Precondition,
                format!("{} was changed after it was registered", callout.program.display()),
            ),
            Err(error) => Outcome::refused(
                ErrorClass::NotFound,
                format!("cannot read {}: {error}", callout.program.display()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_contract::{FenceDomain, Mode, OpId, Token};
    use muster_plans::id::RunId;
    use muster_plans::time::{Span, Time};
    use std::os::unix::fs::PermissionsExt;

    fn context() -> OpContext {
        let run = RunId(uuid::Uuid::from_u128(7));
        OpContext {
            op_id: OpId { run, step: 1, attempt: 0, undo: false },
            token: Token::default(),
            domain: FenceDomain { site: "lyon".into(), group: None },
            deadline: Time(0),
            dry_run: false,
            mode: Mode::Planned,
            run_tag: None,
        }
    }

    async fn call(script: &str, timeout: Span, tampered: bool) -> Outcome<Receipt> {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("callout");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let sha256 = digest_of(&program).unwrap();
        if tampered {
            std::fs::write(&program, "#!/bin/sh\necho other\n").unwrap();
        }
        let name = CalloutName::from("warm-cache");
        let callout = Registered {
            name: name.clone(),
            program,
            args: vec!["one".to_owned()],
            sha256,
            effects: Effects::None,
        };
        let list = dir.path().join("callouts.json");
        std::fs::write(&list, serde_json::to_vec(&[callout]).unwrap()).unwrap();
        let registry = Registry::read(&list).unwrap();
        let call = CalloutCall { name, vm: Some("erp-db-01".into()), timeout };
        registry.call(&context(), &call).await
    }

    #[tokio::test]
    async fn a_good_end_is_done_with_its_output() {
        let outcome = call("echo $1 $MUSTER_VM", Span::secs(20), false).await;
        let Outcome::Done(receipt) = outcome else { panic!("{outcome:?}") };
        assert_eq!(receipt.note.as_deref(), Some("one erp-db-01"));
    }

    #[tokio::test]
    async fn a_bad_end_is_unknown_because_nobody_knows_what_it_did() {
        let outcome = call("echo broken >&2; exit 3", Span::secs(20), false).await;
        assert!(
            matches!(&outcome, Outcome::Unknown(hint) if hint.message.contains("broken")),
            "{outcome:?}"
        );
    }

    #[tokio::test]
    async fn one_that_hangs_is_ended_with_its_children() {
        let outcome = call("sleep 600 & wait", Span(300), false).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_changed_program_is_refused() {
        let outcome = call("true", Span::secs(20), true).await;
        assert!(
            matches!(&outcome, Outcome::Refused(r) if r.class == ErrorClass::Precondition),
            "{outcome:?}"
        );
    }
}
