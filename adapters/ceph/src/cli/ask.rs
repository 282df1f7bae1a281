//! Asks the monitors through one program that stays, `ask.py`, and only what changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::command::{KEPT, said, tidy};
use super::{Cli, LIMIT};
use crate::error::Error;
use crate::idle::MARK;

const SCRIPT: &str = include_str!("ask.py");

/// More questions than this are open only where nothing is answered any more: then the program is ended.
const OPEN: usize = 64;

#[derive(Serialize)]
struct Question<'a> {
    id: u64,
    command: &'a Value,
}

#[derive(Debug, Deserialize)]
struct Answer {
    id: u64,
    code: i32,
    out: String,
    why: String,
}

/// Who waits for which answer; or the last words of the program, which has ended and answers nobody any more.
type Waiting = Arc<Mutex<Result<BTreeMap<u64, oneshot::Sender<Answer>>, String>>>;

/// The program, while it runs.
pub(super) struct Asker {
    script: String,
    running: tokio::sync::Mutex<Option<Running>>,
    next: AtomicU64,
}

struct Running {
    stdin: ChildStdin,
    waiting: Waiting,
    /// They end with us.
    _child: Child,
    _hears: JoinSet<()>,
}

impl Default for Asker {
    fn default() -> Self {
        Asker::of(SCRIPT.to_owned())
    }
}

impl Asker {
    fn of(script: String) -> Asker {
        Asker { script, running: tokio::sync::Mutex::default(), next: AtomicU64::default() }
    }

    /// Sends a question; the answer comes through what is returned.
    async fn send(
        &self,
        cli: &Cli,
        command: &Value,
    ) -> std::io::Result<(u64, oneshot::Receiver<Answer>, Waiting)> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut line = serde_json::to_string(&Question { id, command })?;
        line.push('\n');
        let mut held = self.running.lock().await;
        let of_use = |running: &mut Running| {
            locked(&running.waiting).as_ref().is_ok_and(|waiting| waiting.len() < OPEN)
        };
        let running = match held.take_if(of_use) {
            Some(running) => running,
            None => start(cli, &self.script)?,
        };
        let running = held.insert(running);
        let (tell, told) = oneshot::channel();
        if let Ok(waiting) = locked(&running.waiting).as_mut() {
            waiting.insert(id, tell);
        }
        let waiting = Arc::clone(&running.waiting);
        let written = running.stdin.write_all(line.as_bytes()).await;
        if written.is_err() {
            *held = None;
        }
        written.map(|()| (id, told, waiting))
    }
}

fn locked(
    waiting: &Waiting,
) -> MutexGuard<'_, Result<BTreeMap<u64, oneshot::Sender<Answer>>, String>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "the one place that starts what asks the monitors")]
fn start(cli: &Cli, script: &str) -> std::io::Result<Running> {
    let mut command = Command::new(interpreter());
    command.arg("-c").arg(script).arg(&cli.conf).arg(&cli.name);
    command.arg(cli.keyring.as_deref().unwrap_or_else(|| "".as_ref()));
    command.arg(LIMIT.as_secs().to_string());
    command.env("LC_ALL", "C.UTF-8").env_remove("CEPH_ARGS").env(MARK, &cli.mark);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let (Some(stdin), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::ErrorKind::BrokenPipe.into());
    };
    let waiting = Arc::new(Mutex::new(Ok(BTreeMap::new())));
    let mut hears = JoinSet::new();
    hears.spawn(hear(out, child.stderr.take(), Arc::clone(&waiting)));
    Ok(Running { stdin, waiting, _child: child, _hears: hears })
}

/// What runs the program `ceph`: it has Ceph's library, which another Python on the machine may not have.
fn interpreter() -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let first = |folder: PathBuf| std::fs::read(folder.join("ceph")).ok();
    let script = std::env::split_paths(&paths).find_map(first).unwrap_or_default();
    shebang(&script).unwrap_or_else(|| "python3".into())
}

fn shebang(script: &[u8]) -> Option<PathBuf> {
    let line = script.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let interpreter = line.split_whitespace().rfind(|word| !word.starts_with('-'))?;
    interpreter.contains("python").then(|| interpreter.into())
}

/// Hands answers to those who wait, until the program ends; then nobody waits any more.
async fn hear(out: ChildStdout, complaints: Option<ChildStderr>, waiting: Waiting) {
    let answers = async {
        let mut lines = BufReader::new(out).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(answer) = serde_json::from_str::<Answer>(&line) else {
                *locked(&waiting) = Err("it said what nobody understands".to_owned());
                return;
            };
            let tell =
                locked(&waiting).as_mut().ok().and_then(|waiting| waiting.remove(&answer.id));
            if let Some(tell) = tell {
                // Whoever asked may have gone.
                let _ = tell.send(answer);
            }
        }
    };
    let ((), last) = tokio::join!(answers, said(complaints, KEPT));
    let last = last.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    *locked(&waiting) = Err(tidy(last));
}

/// Gives up a question where its asker goes away.
struct Open(u64, Waiting);

impl Drop for Open {
    fn drop(&mut self) {
        if let Ok(waiting) = locked(&self.1).as_mut() {
            waiting.remove(&self.0);
        }
    }
}

impl Cli {
    /// Asks what changes nothing; `command` as the monitors know it.
    pub(super) async fn ask_mon(
        &self,
        verb: &'static str,
        command: &Value,
    ) -> Result<Vec<u8>, Error> {
        let asked = async {
            let (id, told, waiting) = self
                .asker
                .send(self, command)
                .await
                .map_err(|cause| Error::Io { what: format!("cannot ask `{verb}`"), cause })?;
            let open = Open(id, waiting);
            told.await.map_err(|_| {
                let last = locked(&open.1).as_ref().err().cloned().unwrap_or_default();
                let why = format!("what asks the monitors has ended: {last}");
                Error::Silent { verb, why }
            })
        };
        let Ok(answer) = tokio::time::timeout(self.limit, asked).await else {
            let why = format!("no answer within {} seconds", self.limit.as_secs());
            return Err(Error::Silent { verb, why });
        };
        let answer = answer?;
        match answer.code {
            0 => Ok(answer.out.into_bytes()),
            110 => Err(Error::Silent { verb, why: answer.why }),
            code => Err(Error::Exit { verb, code, why: answer.why }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A cluster that answers with what it is asked, is silent, or dies.
    const FAKE: &str = r#"
import json, os, sys, time, types
class Rados:
    def __init__(self, **how): self.how = how
    def connect(self):
        if self.how["conffile"] == "/none": raise OSError(2, "no such cluster")
    def mon_command(self, command, data):
        what = json.loads(command)["prefix"]
        if what == "die": sys.stderr.write("the last\nword\n"); sys.stderr.flush(); os._exit(1)
        if what == "sleep": time.sleep(60)
        if what == "no": return -2, b"", "there is none"
        return 0, (what + " for " + self.how["name"]).encode(), ""
sys.modules["rados"] = types.ModuleType("rados"); sys.modules["rados"].Rados = Rados
"#;

    fn cli(conf: &str) -> Cli {
        let now: crate::config::Now = Arc::new(|| muster_plans::time::Time(7));
        let mut cli = Cli::new(conf.into(), "x", None, String::new(), now);
        cli.asker = Arc::new(Asker::of(format!("{FAKE}{SCRIPT}")));
        cli
    }

    async fn ask(cli: &Cli, what: &str) -> String {
        let said = cli.ask_mon("try", &serde_json::json!({ "prefix": what })).await;
        said.map_or_else(|e| e.to_string(), |out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_runs_ceph_is_read_from_it() {
        let read = |text: &str| shebang(text.as_bytes()).map(|path| path.display().to_string());
        assert_eq!(
            read("#!/usr/bin/python3.9 -s\nimport rados").as_deref(),
            Some("/usr/bin/python3.9")
        );
        assert_eq!(read("#!/usr/bin/env python3\n").as_deref(), Some("python3"));
        assert_eq!(read("#!/bin/sh\nexec podman"), None);
        assert_eq!(read("\u{7f}ELF"), None);
    }

    #[tokio::test]
    async fn many_are_answered_at_once_and_whoever_is_silent_holds_nobody_up() {
        let good = cli("/one");
        if ask(&good, "status").await.contains("cannot ask") {
            eprintln!("skipped: there is no python3");
            return;
        }
        let mut said = Vec::new();
        let quick = good.within(Duration::from_secs(1));
        let (silent, one, two) =
            tokio::join!(ask(&quick, "sleep"), ask(&good, "one"), ask(&good, "two"));
        said.extend([silent, one, two, ask(&good, "no").await, ask(&good, "die").await]);
        said.push(ask(&good, "again").await);
        said.push(ask(&cli("/none"), "status").await);
        insta::assert_snapshot!(said.join("\n"));
    }
}
