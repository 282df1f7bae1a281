//! A process of the real binary that can be killed and started again by a command line.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use muster_tests::Ran;
use tempfile::TempDir;

/// A port that was free a moment ago: a process that is started again must find its own again.
pub(super) fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs the binary to its end.
#[expect(clippy::disallowed_methods, reason = "the tests run the real binary")]
pub(super) fn run(args: &[&str]) -> Ran {
    let done = Command::new(muster_tests::muster()).args(args).stdin(Stdio::null()).output();
    let done = done.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&done.stdout), text(&done.stderr));
    Ran { code: done.status.code().unwrap(), stdout, stderr }
}

/// A process with a folder of its own; killed when it is dropped.
pub(super) struct Process {
    name: &'static str,
    dir: TempDir,
}

impl Process {
    /// Starts the binary with these arguments and waits until it listens.
    pub(super) fn start(name: &'static str, line: &str, port: u16) -> Process {
        Process::start_with(name, line, port, |_| {})
    }

    /// The same after something was put into its folder.
    pub(super) fn start_with(
        name: &'static str,
        line: &str,
        port: u16,
        prepare: impl FnOnce(&Path),
    ) -> Process {
        let process = Process { name, dir: TempDir::new().unwrap() };
        let folder = process.dir.path().join("own");
        std::fs::create_dir(&folder).unwrap();
        prepare(&folder);
        let muster = muster_tests::muster();
        let script = format!(
            "cd '{folder}' || exit 1\n\
             [ -f pid ] && kill -9 \"$(cat pid)\"\n\
             '{muster}' {line} </dev/null >>{name}.log 2>&1 &\n\
             echo $! >pid\n\
             echo started >>starts\n",
            folder = folder.display(),
            muster = muster.display(),
        );
        std::fs::write(process.dir.path().join("again"), script).unwrap();
        process.launch(port);
        process
    }

    #[expect(clippy::disallowed_methods, reason = "starts another process and waits for it")]
    fn launch(&self, port: u16) {
        let status = Command::new("sh").arg(self.path("../again")).status().unwrap();
        assert!(status.success(), "{status}");
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(60), "not ready:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The command that kills it and starts it again.
    pub(super) fn again(&self) -> String {
        format!("sh '{}'", self.path("../again"))
    }

    /// A path that begins in its folder.
    pub(super) fn path(&self, within: &str) -> String {
        self.dir.path().join("own").join(within).display().to_string()
    }

    /// What it wrote.
    pub(super) fn log(&self) -> String {
        let path = self.path(&format!("{}.log", self.name));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// How often it was started.
    pub(super) fn starts(&self) -> usize {
        std::fs::read_to_string(self.path("starts")).unwrap().lines().count()
    }
}

impl Drop for Process {
    #[expect(clippy::disallowed_methods, reason = "ends the process that it started, by its id")]
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.path("pid")) {
            let _ = Command::new("kill").args(["-9", pid.trim()]).status();
        }
    }
}
