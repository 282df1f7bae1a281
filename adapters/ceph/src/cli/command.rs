//! Starts a program, bounded in time and in what it may say.

use std::process::Stdio;
use std::sync::PoisonError;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::Cli;
use crate::error::Error;
use crate::idle::MARK;

/// How much of an answer is read. A pool of ten thousand images is described in less.
const ANSWER: u64 = 64 << 20;
/// How much of a complaint is kept.
pub(super) const KEPT: u64 = 4000;

/// A program, what it is told, and what it is given to read.
pub(super) struct Call<'a> {
    /// For messages, and nothing else: `rbd mirror image demote`.
    pub(super) verb: &'static str,
    pub(super) program: &'static str,
    pub(super) words: &'a [&'a str],
    pub(super) input: Option<Vec<u8>>,
}

/// Tells that a program was ended before it had answered, also where nobody waits for it any more.
struct Cut<'a>(&'a Cli, bool);

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        if self.1 {
            let mut cut = self.0.cut.lock().unwrap_or_else(PoisonError::into_inner);
            *cut = Some((self.0.now)());
        }
    }
}

impl Cli {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where this adapter starts `rbd` and `ceph`"
    )]
    fn command(&self, call: &Call<'_>) -> Command {
        let mut command = Command::new(call.program);
        // Before all other words, none of which goes through a shell.
        command.arg("--conf").arg(&self.conf).arg("--name").arg(&self.name);
        if let Some(keyring) = &self.keyring {
            command.arg("--keyring").arg(keyring);
        }
        if call.program == "ceph" {
            command.arg("--connect-timeout").arg(self.limit.as_secs().max(1).to_string());
        }
        command.args(call.words);
        // Times without a zone are in that of the program.
        command.env("LC_ALL", "C").env("TZ", "UTC").env_remove("CEPH_ARGS").env(MARK, &self.mark);
        let input = if call.input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs it to its end. Answers with what it said on its output.
    pub(super) async fn run(&self, call: Call<'_>) -> Result<Vec<u8>, Error> {
        let verb = call.verb;
        let mut cut = Cut(self, true);
        let started = self.command(&call).spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(cause) => {
                cut.1 = false;
                return Err(Error::Io { what: format!("cannot start `{verb}`"), cause });
            }
        };
        let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let whole = async {
            let fed = async {
                if let (Some(mut stdin), Some(input)) = (stdin, call.input) {
                    // It says itself what it missed.
                    let _ = stdin.write_all(&input).await;
                }
            };
            tokio::join!(fed, said(out, ANSWER), said(err, KEPT), child.wait())
        };
        let Ok(((), out, err, status)) = tokio::time::timeout(self.limit, whole).await else {
            let why = format!("it was ended after {} seconds", self.limit.as_secs());
            return Err(Error::Silent { verb, why });
        };
        cut.1 = false;
        let status = status
            .map_err(|cause| Error::Silent { verb, why: format!("its end was lost: {cause}") })?;
        if out.len() as u64 >= ANSWER {
            return Err(Error::Nonsense { verb, why: "it does not end".to_owned() });
        }
        match status.code() {
            Some(0) => Ok(out),
            // What Ceph's programs answer when they waited in vain themselves: it may still come.
            Some(110) => {
                cut.1 = true;
                Err(Error::Silent { verb, why: tidy(&err) })
            }
            Some(code) => Err(Error::Exit { verb, code, why: tidy(&err) }),
            None => {
                cut.1 = true;
                Err(Error::Silent { verb, why: format!("it was killed ({status})") })
            }
        }
    }
}

/// The beginning of what it says. The rest is read and dropped, or it would hang.
pub(super) async fn said(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> Vec<u8> {
    let Some(mut pipe) = pipe else { return Vec::new() };
    let mut kept = Vec::new();
    let _ = (&mut pipe).take(limit).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    kept
}

/// On one line and not too long, for a message. A word that could be a key is left out; Ceph prints none, and
/// nobody should have to rely on that.
pub(super) fn tidy(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let words = text.split_whitespace().map(|word| if key(word) { "…" } else { word });
    let line: String = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(400) {
        _ if line.is_empty() => "it did not say why".to_owned(),
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// Ceph's keys are forty letters of base64 that begin with `AQ` and end with `==`.
fn key(word: &str) -> bool {
    word.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c))
        .any(|part| part.len() >= 36 && part.ends_with('=') && part.contains("AQ"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_complaint_is_one_line_without_a_key() {
        let key = "AQDCsp1lAAAAABAAyC8z3kE3wJ1vE5jyXk0hPQ==";
        let said = tidy(format!("2026-11-28\n  key = {key}\nkey={key}, rbd: no\n").as_bytes());
        assert_eq!(said, "2026-11-28 key = … … rbd: no");
        assert_eq!(tidy(b" \n"), "it did not say why");
        assert!(tidy(&[b'x'; 4000]).chars().count() < 410);
        assert_eq!(tidy(b"rbd/shop-db-00000000000000000000000000000000000"), {
            "rbd/shop-db-00000000000000000000000000000000000"
        });
    }

    fn cli(limit: u64) -> Cli {
        let now: crate::config::Now = Arc::new(|| muster_plans::time::Time(7));
        Cli::new("/nowhere".into(), "x", None, String::new(), now)
            .patient(Duration::from_millis(limit))
    }

    fn call<'a>(program: &'static str, words: &'a [&'a str]) -> Call<'a> {
        Call { verb: "try", program, words, input: None }
    }

    #[tokio::test]
    async fn what_does_not_end_is_ended_and_what_is_not_there_is_said() {
        let cli = cli(200);
        let error = cli.run(call("no-such-program", &[])).await.unwrap_err();
        assert_eq!(error.class(), muster_contract::ErrorClass::Unsupported);
        assert_eq!(cli.cut_at(), None);
        // `tail` takes our first word for one of its own, and says so.
        let error = cli.run(call("tail", &[])).await.unwrap_err();
        assert!(matches!(error, Error::Exit { code: 1, .. }), "{error}");
        assert_eq!(cli.cut_at(), None);
    }
}
