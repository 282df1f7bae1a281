//! Whether this agent sees at all who has files open.

use std::fs;
use std::path::Path;

use super::{PROC, process};

/// The first PID namespace of a machine, in which all of its processes are seen (`PROC_PID_INIT_INO`).
const WHOLE_MACHINE: &str = "pid:[4026531836]";

/// What is not seen, for people.
///
/// # Errors
/// Where nothing could ever be called unused: it would be found out in the middle of a run.
pub(crate) fn check() -> Result<Vec<String>, String> {
    if !rustix::process::geteuid().is_root() {
        return Err(
            "the agent has to run as root: snapshots and a look at who has files open need it"
                .to_owned(),
        );
    }
    let unseen = process::unseen(Path::new(PROC)).map_err(|error| error.to_string())?;
    let mut warnings: Vec<String> = unseen
        .into_iter()
        .map(|process| format!("{process} cannot be looked at: nothing is demoted while it lives"))
        .collect();
    let own = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if own != Path::new(WHOLE_MACHINE) {
        warnings.push(
            "the agent runs in a PID namespace of its own: VMs that are started outside of it are not seen"
                .to_owned(),
        );
    }
    Ok(warnings)
}
