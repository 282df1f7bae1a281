//! A way to a daemon: bytes there and back.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio_rustls::TlsConnector;

use crate::uri::{HostUri, Transport};

/// How long a host has to take a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where libvirtd, or the daemon of QEMU alone, listens.
const SOCKETS: [&str; 2] = ["/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"];

/// What both ends of a TLS line are known by.
pub type Tls = Arc<rustls::ClientConfig>;

/// Anything that carries bytes both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A way to a daemon.
pub type Line = Box<dyn Duplex>;

/// A daemon that cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Nothing listens, or it is out of reach.
    #[error("{place} does not answer: {source}")]
    Unreachable {
        /// Where.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// It took too long.
    #[error("{place} has not answered for {} s", PATIENCE.as_secs())]
    Slow {
        /// Where.
        place: String,
    },
    /// TLS is asked for and there is no certificate to show.
    #[error("{0} is reached by TLS, and no certificate is configured for it")]
    NoCertificate(String),
    /// The daemon does not accept the certificate.
    #[error("{0} does not accept the certificate that it was shown")]
    NotAccepted(String),
}

/// Opens a way to a daemon.
///
/// # Errors
/// Where there is none within ten seconds.
pub async fn dial(uri: &HostUri, tls: Option<&Tls>) -> Result<Line, LineError> {
    let place = uri.to_string();
    match tokio::time::timeout(PATIENCE, open(uri, tls)).await {
        Ok(opened) => opened,
        Err(_) => Err(LineError::Slow { place }),
    }
}

async fn open(uri: &HostUri, tls: Option<&Tls>) -> Result<Line, LineError> {
    let unreachable = |source| LineError::Unreachable { place: uri.to_string(), source };
    let tcp = |port: u16| TcpStream::connect((uri.host.clone(), uri.port.unwrap_or(port)));
    match &uri.transport {
        Transport::Unix(socket) => {
            let socket = socket.clone().unwrap_or_else(usual_socket);
            Ok(Box::new(UnixStream::connect(socket).await.map_err(unreachable)?))
        }
        Transport::Tcp => Ok(Box::new(quick(tcp(16509).await).map_err(unreachable)?)),
        Transport::Tls => {
            let Some(tls) = tls else { return Err(LineError::NoCertificate(uri.to_string())) };
            let name = ServerName::try_from(uri.host.clone())
                .map_err(|error| unreachable(io::Error::other(error)))?;
            let stream = quick(tcp(16514).await).map_err(unreachable)?;
            let connector = TlsConnector::from(Arc::clone(tls));
            let mut line = connector.connect(name, stream).await.map_err(unreachable)?;
            // The daemon says with one byte that it accepts the client's certificate.
            match line.read_u8().await {
                Ok(1) => Ok(Box::new(line)),
                _ => Err(LineError::NotAccepted(uri.to_string())),
            }
        }
        Transport::Ssh => Ok(Box::new(Ssh::open(uri).map_err(unreachable)?)),
    }
}

fn usual_socket() -> PathBuf {
    let there = SOCKETS.iter().map(Path::new).find(|path| path.exists());
    there.unwrap_or_else(|| Path::new(SOCKETS[0])).to_owned()
}

/// A call is small and waits for its answer.
fn quick(stream: io::Result<TcpStream>) -> io::Result<TcpStream> {
    let stream = stream?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What the other end of ssh runs: libvirt's own helper, or netcat at the daemon's socket.
struct Ssh {
    /// Ends with the line.
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Ssh {
    #[expect(clippy::disallowed_methods, reason = "the system's ssh knows its keys and hosts")]
    fn open(uri: &HostUri) -> io::Result<Ssh> {
        let mut ssh = tokio::process::Command::new("ssh");
        // It must not ask anybody for anything.
        ssh.args(["-T", "-e", "none", "-o", "BatchMode=yes"]);
        if let Some(port) = uri.port {
            ssh.args(["-p", &port.to_string()]);
        }
        if let Some(user) = &uri.user {
            ssh.args(["-l", user]);
        }
        // One or the other, and never one after the other in the middle of a session. What is put in is
        // one of a few words.
        let there = format!(
            "if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper {}; \
             else exec nc -U {}; fi",
            uri.local, SOCKETS[0]
        );
        ssh.args(["--", &uri.host, &there]);
        ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = ssh.spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Ssh { _child: child, input, output }),
            _ => Err(io::Error::other("ssh gave no pipes")),
        }
    }
}

impl AsyncRead for Ssh {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, into)
    }
}

impl AsyncWrite for Ssh {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(cx)
    }
}
