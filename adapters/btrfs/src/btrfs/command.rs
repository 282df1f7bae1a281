//! Starts it, bounded in time and in what it may say.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::error::Error;

/// How long anything may take that sends no data. Deleting and making snapshots is a matter of
/// milliseconds; a disk that is busy with something else may need longer.
const LIMIT: Duration = Duration::from_secs(60);

/// How much of what it says is kept.
const KEPT: u64 = 2000;

/// `btrfs` with arguments, none of which goes through a shell. It is ended where nobody waits for it any
/// more.
#[expect(clippy::disallowed_methods, reason = "the one place where this adapter starts `btrfs`")]
pub(super) fn command<'a>(words: &[&str], paths: impl IntoIterator<Item = &'a OsStr>) -> Command {
    let mut command = Command::new("btrfs");
    command.args(words).args(paths);
    command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

pub(super) fn start(verb: &'static str, mut command: Command) -> Result<Child, Error> {
    command
        .spawn()
        .map_err(|cause| Error::Io { what: format!("cannot start `btrfs {verb}`"), cause })
}

/// Runs it to its end. Answers with what it said on its output.
pub(super) async fn run<'a>(
    verb: &'static str,
    words: &[&str],
    paths: impl IntoIterator<Item = &'a OsStr>,
) -> Result<String, Error> {
    let mut command = command(words, paths);
    command.stdout(Stdio::piped());
    let mut child = start(verb, command)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let whole = async { tokio::join!(said(out), said(err), child.wait()) };
    let Ok((out, err, status)) = tokio::time::timeout(LIMIT, whole).await else {
        return Err(Error::Stalled { verb, seconds: LIMIT.as_secs() });
    };
    match status {
        Ok(status) if status.success() => Ok(out),
        Ok(_) => Err(Error::Command { verb, why: tidy(&err) }),
        Err(cause) => Err(Error::Io { what: format!("cannot wait for `btrfs {verb}`"), cause }),
    }
}

/// The beginning of what it says. The rest is read and dropped, or it would hang.
pub(super) async fn said(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let mut kept = Vec::new();
    let _ = (&mut pipe).take(KEPT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

/// On one line, for a message.
pub(super) fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { "it did not say why".to_owned() } else { lines.join("; ") }
}
