//! A demo of one's own: started, asked, killed, started again, ended.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How a demo is made.
#[derive(Clone, Copy, Debug)]
pub struct DemoOptions {
    /// VMs.
    pub vms: u32,
    /// Seed of the world.
    pub seed: u64,
    /// How much faster than real time the world goes.
    pub speed: u32,
}

impl Default for DemoOptions {
    fn default() -> DemoOptions {
        DemoOptions { vms: 60, seed: 1, speed: 50 }
    }
}

/// A running demo; ended when it is dropped, with its world.
#[derive(Debug)]
pub struct Demo {
    dir: TempDir,
    options: DemoOptions,
    child: Option<Child>,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Ran {
    /// The data as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// Asserts the exit code.
    ///
    /// # Panics
    /// Where it is another one.
    #[must_use]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

impl Demo {
    /// Starts one and waits until it is ready.
    ///
    /// # Panics
    /// Where it does not become ready within a minute.
    pub fn start(options: DemoOptions) -> Demo {
        let dir = TempDir::new().expect("a folder to throw away");
        let mut demo = Demo { dir, options, child: None };
        demo.launch();
        demo
    }

    /// Its data.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Starts the server again, over the same data and the same world.
    ///
    /// # Panics
    /// Where it does not become ready within a minute.
    #[expect(clippy::disallowed_methods, reason = "the tests run the real binary")]
    pub fn launch(&mut self) {
        let _ = std::fs::remove_file(self.dir().join("url"));
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir().join("server.log"))
            .expect("a log");
        let child = Command::new(crate::muster())
            .arg("demo")
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(self.dir())
            .args(["--vms", &self.options.vms.to_string()])
            .args(["--seed", &self.options.seed.to_string()])
            .args(["--speed", &self.options.speed.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("muster starts");
        self.child = Some(child);
        self.await_ready();
    }

    #[expect(clippy::disallowed_methods, reason = "waits for another process")]
    fn await_ready(&mut self) {
        let started = Instant::now();
        while !self.dir().join("url").exists() {
            let child = self.child.as_mut().expect("it was launched");
            if let Some(status) = child.try_wait().expect("it can be asked") {
                panic!("the demo ended with {status}:\n{}", self.log());
            }
            assert!(started.elapsed() < Duration::from_secs(60), "not ready:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir().join("server.log")).unwrap_or_default()
    }

    /// Where it answers.
    ///
    /// # Panics
    /// Where it is not ready.
    pub fn url(&self) -> String {
        std::fs::read_to_string(self.dir().join("url")).expect("it is ready").trim().to_owned()
    }

    /// The administrator's API token.
    ///
    /// # Panics
    /// Where it is not ready.
    pub fn token(&self) -> String {
        let path = self.dir().join("admin.token");
        std::fs::read_to_string(path).expect("it is ready").trim().to_owned()
    }

    /// Kills the server without a word; its world goes on.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Runs a command against it.
    ///
    /// # Panics
    /// Where the binary does not start.
    pub fn muster(&self, args: &[&str]) -> Ran {
        ran(&self.command(args).output().expect("muster starts"))
    }

    /// Starts a command against it and does not wait.
    ///
    /// # Panics
    /// Where the binary does not start.
    pub fn spawn(&self, args: &[&str]) -> Child {
        self.command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("muster starts")
    }

    #[expect(clippy::disallowed_methods, reason = "the tests run the real binary")]
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(crate::muster());
        command
            .args(args)
            .env("MUSTER_URL", self.url())
            .env("MUSTER_TOKEN", self.token())
            .stdin(Stdio::null());
        command
    }

    /// Runs a workflow to its end and gives the run as JSON.
    ///
    /// # Panics
    /// Where it ends with another code than 0.
    pub fn run(&self, plan: &str, kind: &str, more: &[&str]) -> Value {
        let mut args = vec!["run", "start", plan, "--kind", kind, "--wait", "--output", "json"];
        args.extend(more);
        self.muster(&args).expect(0).json()
    }

    /// Breaks or heals something.
    ///
    /// # Panics
    /// Where the world refuses.
    #[track_caller]
    pub fn sim(&self, verb: &str, what: &str, name: &str) {
        let _ = self.muster(&["sim", verb, what, name]).expect(0);
    }
}

fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        end_world(self.dir.path());
    }
}

/// The world outlives a killed server by design; a test ends it by its process id.
#[expect(clippy::disallowed_methods, reason = "ends what the test started")]
fn end_world(dir: &Path) {
    if let Ok(pid) = std::fs::read_to_string(dir.join("sim.pid")) {
        let _ = Command::new("kill").args(["-9", pid.trim()]).status();
    }
}
