//! Files of a demo.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;

use crate::callout::{Effects, Registered, digest_of};

/// Writes a file in one piece: whoever waits for it never reads half of it.
///
/// # Errors
/// Where it cannot be written.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    put(path, text, 0o644)
}

/// The same for a secret, which only its owner can read.
///
/// # Errors
/// Where it cannot be written.
pub(super) fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    put(path, text, 0o600)
}

fn put(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).write(true).truncate(true).mode(mode).open(&draft)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Takes the address away while the server is not ready.
///
/// # Errors
/// Where it is there and cannot be removed.
pub(super) fn forget_url(data: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(data.join("url")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Registers the one callout that the example plans name: it writes a line into a log.
///
/// # Errors
/// Where the files cannot be written.
pub(super) fn write_callout(data: &Path) -> anyhow::Result<()> {
    let list = data.join("callouts.json");
    if list.exists() {
        return Ok(());
    }
    let data = data.canonicalize()?;
    let program = data.join("warm-cache.sh");
    let log = data.join("callouts.log");
    let script = format!(
        "#!/bin/sh\n# The demo's callout: says what was asked of it.\n\
         echo \"$MUSTER_OPERATION warm-cache $MUSTER_VM\" >> '{}'\n",
        log.display()
    );
    put(&program, &script, 0o700)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700))?;
    let callout = Registered {
        name: "warm-cache".into(),
        args: Vec::new(),
        sha256: digest_of(&program)?,
        program,
        effects: Effects::None,
    };
    write(&list, &serde_json::to_string_pretty(&[callout])?)
}
