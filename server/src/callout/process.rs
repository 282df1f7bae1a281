//! Starts one program and waits for it.

use std::process::Stdio;
use std::time::Duration;

use muster_contract::{ErrorClass, OpContext, Outcome, Receipt};
use muster_engine::CalloutCall;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::Registered;

/// How much of the output is kept: its end, as SRM keeps it.
const KEPT_BYTES: usize = 4096;

/// Runs it once. Whatever does not end well is `Unknown`: nobody knows what it did before.
pub(super) async fn run(
    callout: &Registered,
    ctx: &OpContext,
    call: &CalloutCall,
) -> Outcome<Receipt> {
    let mut child = match command(callout, ctx, call).spawn() {
        Ok(child) => child,
        Err(error) => {
            let message = format!("{} does not start: {error}", callout.program.display());
            return Outcome::refused(ErrorClass::Precondition, message);
        }
    };
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let work = async {
        let (out, err) = tokio::join!(tail(stdout), tail(stderr));
        (child.wait().await, if err.is_empty() { out } else { err })
    };
    let ended = tokio::time::timeout(Duration::from_millis(call.timeout.0), work).await;
    match ended {
        Ok((Ok(status), output)) if status.success() => Outcome::Done(Receipt {
            note: Some(output).filter(|text| !text.is_empty()),
            ..Receipt::default()
        }),
        Ok((Ok(status), output)) => {
            Outcome::unknown(format!("callout {} ended with {status}: {output}", callout.name))
        }
        Ok((Err(error), _)) => Outcome::unknown(format!("callout {}: {error}", callout.name)),
        Err(_) => {
            end_group(&child);
            let _ = child.wait().await;
            Outcome::unknown(format!("callout {} did not end in {}", callout.name, call.timeout))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that starts callouts")]
fn command(callout: &Registered, ctx: &OpContext, call: &CalloutCall) -> Command {
    let mut command = Command::new(&callout.program);
    command
        .args(&callout.args)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("MUSTER_RUN", ctx.op_id.run.to_string())
        .env("MUSTER_OPERATION", ctx.op_id.to_string())
        .env("MUSTER_VM", call.vm.as_deref().unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Ends the whole process group, so that no child of the callout goes on.
fn end_group(child: &Child) {
    let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    // Whoever has no id has been waited for, and its number may be somebody else's.
    if let Some(pid) = pid
        && let Err(error) = kill_process_group(pid, Signal::KILL)
    {
        tracing::warn!(%error, "a callout that took too long could not be ended");
    }
}

/// The last bytes of a stream.
async fn tail(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    let mut chunk = [0_u8; 1024];
    while let Ok(n @ 1..) = stream.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..n]);
        let over = kept.len().saturating_sub(KEPT_BYTES);
        kept.drain(..over);
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}
