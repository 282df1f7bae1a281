//! Block servers on the files of a mirror, and the lines that lead to them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::disk;
use crate::error::Error;

/// How long a server has until it listens.
const START: Duration = Duration::from_secs(10);

/// Servers of one group. They end with it, and all lines with the first that ends: disks of one guest must not
/// go on one without the other.
pub(crate) struct Exports {
    servers: Vec<Server>,
    lines: JoinSet<()>,
    ended: watch::Sender<bool>,
}

struct Server {
    file: String,
    socket: PathBuf,
    process: Child,
}

impl Exports {
    /// Starts a server for each file.
    pub(crate) async fn start(files: Vec<(String, PathBuf, PathBuf)>) -> Result<Exports, Error> {
        let mut exports = Exports {
            servers: Vec::new(),
            lines: JoinSet::new(),
            ended: watch::Sender::new(false),
        };
        for (file, path, socket) in files {
            disk::remove(&socket)?;
            let process = serve(&file, &path, &socket).map_err(Error::io("cannot serve", &path))?;
            exports.servers.push(Server { file, socket, process });
        }
        for server in &mut exports.servers {
            server.listens().await?;
        }
        Ok(exports)
    }

    /// A way to the server of a file.
    pub(crate) async fn connect(&self, file: &str) -> Result<UnixStream, Error> {
        let server = self.servers.iter().find(|server| server.file == file);
        let server = server.ok_or_else(|| Error::NotNow(format!("{file} is not mirrored here")))?;
        if *self.ended.borrow() {
            return Err(Error::NotNow("the mirror has ended; begin a new one".to_owned()));
        }
        let mut tries = 0;
        loop {
            match UnixStream::connect(&server.socket).await {
                Ok(line) => return Ok(line),
                // It has its name before it listens.
                Err(_) if tries < 20 => tries += 1,
                Err(error) => return Err(Error::io("cannot reach", &server.socket)(error)),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Carries a line until it, or another one of the group, ends.
    pub(crate) fn carry(&mut self, line: impl Future<Output = ()> + Send + 'static) {
        let (ended, mut others) = (self.ended.clone(), self.ended.subscribe());
        // Those that have ended are forgotten.
        while self.lines.try_join_next().is_some() {}
        self.lines.spawn(async move {
            tokio::select! {
                () = line => {}
                _ = others.wait_for(|ended| *ended) => {}
            }
            ended.send_replace(true);
        });
    }

    /// Nothing is written any more from here on, and nothing can be.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.lines.shutdown().await;
        for server in &mut self.servers {
            let failed = |error| Error::io("cannot end the server of", &server.socket)(error);
            if server.process.try_wait().map_err(failed)?.is_none() {
                server.process.kill().await.map_err(failed)?;
            }
            disk::remove(&server.socket)?;
            disk::remove(&log(&server.socket))?;
        }
        Ok(())
    }

    /// Does something while nothing is written: all servers stand still, and go on whatever becomes of it.
    pub(crate) fn still<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        struct Thaw<'a>(&'a [Server]);
        impl Drop for Thaw<'_> {
            fn drop(&mut self) {
                for server in self.0 {
                    server.signal(Signal::CONT);
                }
            }
        }
        let _thaw = Thaw(&self.servers);
        for server in &self.servers {
            server.signal(Signal::STOP);
        }
        for server in &self.servers {
            server.stands()?;
        }
        work()
    }
}

impl Server {
    async fn listens(&mut self) -> Result<(), Error> {
        let until = tokio::time::Instant::now() + START;
        loop {
            // Not tried out: it would take that for its line.
            if self.socket.exists() {
                return Ok(());
            }
            let ended = self.process.try_wait().ok().flatten();
            if ended.is_some() || tokio::time::Instant::now() > until {
                let said = std::fs::read_to_string(log(&self.socket)).unwrap_or_default();
                let text = format!("qemu-nbd does not serve {}: {}", self.file, said.trim());
                return Err(Error::NotNow(text));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until all its threads stand still: a signal is sent and not yet heeded.
    fn stands(&self) -> Result<(), Error> {
        let Some(id) = self.process.id() else { return Ok(()) };
        let tasks = PathBuf::from(format!("/proc/{id}/task"));
        for _ in 0..200 {
            let all = std::fs::read_dir(&tasks).map_err(Error::io("cannot read", &tasks))?;
            let mut all = all.flatten();
            if all.all(|task| still(&std::fs::read_to_string(task.path().join("stat")))) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(Error::NotNow(format!("the server of {} does not stand still", self.file)))
    }

    /// One that has ended writes nothing, and is left alone: its number is kept until it was waited for.
    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = kill_process(pid, signal);
        }
    }
}

/// By its letter in `/proc`, after the name in parentheses: stopped, or ended.
fn still(stat: &std::io::Result<String>) -> bool {
    stat.as_ref().is_ok_and(|stat| {
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        matches!(state, Some('T' | 't' | 'Z' | 'X'))
    })
}

/// What a server has to say.
fn log(socket: &Path) -> PathBuf {
    socket.with_extension("log")
}

/// It ends with its line, also where the agent was killed. What is written is on the disk before it is acknowledged: the guest's own flushes do not come this far.
#[expect(clippy::disallowed_methods, reason = "QEMU's block server ends with the mirror")]
fn serve(file: &str, path: &Path, socket: &Path) -> std::io::Result<Child> {
    let mut server = tokio::process::Command::new("qemu-nbd");
    server.args(["--shared=1", "--format=raw", "--cache=writethrough"]);
    server.args(["--discard=unmap", "--detect-zeroes=unmap"]);
    server.arg(format!("--export-name={file}"));
    server.arg(format!("--socket={}", socket.display())).arg(path);
    let said = File::create(log(socket))?;
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).kill_on_drop(true);
    server.spawn()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_thread_is_told_by_its_letter() {
        let stat = |text: &str| still(&Ok(text.to_owned()));
        assert!(stat("71 (qemu-nbd) T 1 71 71 0"));
        assert!(stat("71 (odd) name) Z 1"));
        assert!(!stat("71 (qemu-nbd) S 1 71") && !stat("71 (T) D 1") && !stat(""));
        assert!(!still(&Err(std::io::ErrorKind::NotFound.into())));
    }
}
