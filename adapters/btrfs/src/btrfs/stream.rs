//! Sending and receiving.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{Stream, StreamExt, try_unfold};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::command::{command, said, start, tidy};
use crate::error::Error;

/// How long a stream may stand still.
pub(crate) const STALL: Duration = Duration::from_secs(120);

const PIECE: usize = 256 * 1024;

/// Counts what went over, so that whoever waits sees that it moves.
pub(crate) type Progress = Arc<AtomicU64>;

/// The stream of a point, on top of another one that both sites have. It ends with an error unless
/// `btrfs` ended well, so that a half stream is never taken for a whole one.
pub(crate) fn send(
    point: &Path,
    parent: Option<&Path>,
    progress: Progress,
) -> Result<impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static, Error> {
    let mut paths: Vec<&OsStr> = Vec::new();
    if let Some(parent) = parent {
        paths.extend(["-p".as_ref(), parent.as_os_str()]);
    }
    paths.push(point.as_os_str());
    let mut command = command(&["send", "-q"], paths);
    command.stdout(Stdio::piped());
    let mut child = start("send", command)?;
    let out = child.stdout.take();
    Ok(try_unfold(Some((child, out)), move |sending| {
        let progress = progress.clone();
        async move {
            let Some((child, Some(out))) = sending else { return Ok(None) };
            let next = piece(child, out).await?;
            Ok(next.map(|(bytes, child, out)| {
                progress.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                (bytes, Some((child, Some(out))))
            }))
        }
    }))
}

async fn piece(
    mut child: Child,
    mut out: ChildStdout,
) -> Result<Option<(Bytes, Child, ChildStdout)>, io::Error> {
    let mut bytes = BytesMut::with_capacity(PIECE);
    let stalled = || io::Error::from(io::ErrorKind::TimedOut);
    if timeout(STALL, out.read_buf(&mut bytes)).await.map_err(|_| stalled())?? > 0 {
        return Ok(Some((bytes.freeze(), child, out)));
    }
    let err = child.stderr.take();
    let ended = async { tokio::join!(said(err), child.wait()) };
    let (err, status) = timeout(STALL, ended).await.map_err(|_| stalled())?;
    if status?.success() { Ok(None) } else { Err(io::Error::other(tidy(&err))) }
}

/// Receives a stream below a folder. An error leaves a half subvolume there, which is not read-only and
/// does not say where it came from.
pub(crate) async fn receive<E: std::fmt::Display>(
    folder: &Path,
    stream: impl Stream<Item = Result<Bytes, E>>,
) -> Result<(), Error> {
    let mut command = command(&["receive", "-q", "-e", "--"], [folder.as_os_str()]);
    command.stdin(Stdio::piped());
    let mut child = start("receive", command)?;
    let (input, err) = (child.stdin.take(), child.stderr.take());
    let fed = async {
        match input {
            Some(input) => feed(input, stream).await,
            None => Ok(()),
        }
    };
    let (mut fed, err) = {
        let err = said(err);
        tokio::pin!(fed, err);
        // It says why only where it ends first; the stream may have stopped because of that.
        tokio::select! {
            fed = &mut fed => match fed {
                Ok(()) | Err(Fed::Closed) => (fed, timeout(STALL, err).await.unwrap_or_default()),
                Err(_) => (fed, String::new()),
            },
            err = &mut err => (Err(Fed::Closed), err),
        }
    };
    if matches!(fed, Err(Fed::Stalled | Fed::Broken(_))) {
        let _ = child.kill().await;
    }
    let status = timeout(STALL, child.wait()).await;
    if let (Err(Fed::Closed), Ok(Ok(status))) = (&fed, &status)
        && status.success()
    {
        fed = Ok(());
    }
    match (fed, status) {
        (Ok(()), Ok(Ok(status))) if status.success() => Ok(()),
        (Err(Fed::Broken(why)), _) => Err(Error::Silent(format!("the stream broke off: {why}"))),
        (Err(Fed::Stalled), _) | (_, Err(_)) => {
            Err(Error::Stalled { verb: "receive", seconds: STALL.as_secs() })
        }
        _ => Err(Error::Command { verb: "receive", why: tidy(&err) }),
    }
}

enum Fed {
    Stalled,
    Broken(String),
    /// It took no more: it has all of it, or gave up.
    Closed,
}

async fn feed<E: std::fmt::Display>(
    mut input: ChildStdin,
    stream: impl Stream<Item = Result<Bytes, E>>,
) -> Result<(), Fed> {
    tokio::pin!(stream);
    loop {
        let Ok(next) = timeout(STALL, stream.next()).await else { return Err(Fed::Stalled) };
        let bytes = match next {
            None => return Ok(()),
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => return Err(Fed::Broken(error.to_string())),
        };
        match timeout(STALL, input.write_all(&bytes)).await {
            Err(_) => return Err(Fed::Stalled),
            Ok(Err(_)) => return Err(Fed::Closed),
            Ok(Ok(())) => {}
        }
    }
}
