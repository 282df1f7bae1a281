//! Programs that other people wrote, where they are there.

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program, by the variable that names it or in the path; `None` skips the test, unless it is required.
pub(crate) fn found(name: &str, variable: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let inside = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = named.into_iter().chain(inside).find(|path| path.is_file());
    if found.is_none() {
        let required = std::env::var("MUSTER_REDFISH").is_ok_and(|value| value == "required");
        assert!(!required, "{name} is not there, and MUSTER_REDFISH says that it is required");
        eprintln!("skipped: {name} is not there; {variable} may name it");
    }
    found
}

/// One that runs until it is dropped.
pub(crate) struct Running(Child);

impl Running {
    #[expect(clippy::disallowed_methods, reason = "a BMC for a test")]
    pub(crate) fn start(program: &Path, words: &[&str], folder: &Path) -> Running {
        let mut command = Command::new(program);
        command.args(words).current_dir(folder).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(std::fs::File::create(folder.join("log")).unwrap());
        Running(command.spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Free a moment ago.
pub(crate) fn tcp_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
