//! A listener whose connections have said who they are.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client has to say who it is.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How many say so at once. Where more come, one that has not said it yet goes: left in the kernel's queue, those
/// that mean it would stand behind those that say nothing.
const AT_ONCE: usize = 64;

/// Someone of whom it is not known yet who it is.
struct Stranger {
    task: AbortHandle,
    from: IpAddr,
}

/// One that is slow to say who it is keeps nobody else waiting.
pub(super) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    shaking: JoinSet<Option<(TlsStream<TcpStream>, SocketAddr)>>,
    /// In the order in which they came.
    strangers: VecDeque<Stranger>,
}

impl TlsListener {
    pub(super) fn new(tcp: TcpListener, acceptor: TlsAcceptor) -> TlsListener {
        TlsListener { tcp, acceptor, shaking: JoinSet::new(), strangers: VecDeque::new() }
    }

    fn begin(&mut self, stream: TcpStream, from: SocketAddr) {
        if self.strangers.len() >= AT_ONCE
            && let Some(slowest) = slowest(self.strangers.iter().map(|stranger| stranger.from))
            && let Some(stranger) = self.strangers.remove(slowest)
        {
            stranger.task.abort();
        }
        let acceptor = self.acceptor.clone();
        let task = self.shaking.spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => Some((stream, from)),
                Ok(Err(error)) => {
                    tracing::debug!(client = %from, %error, "a client was turned away");
                    None
                }
                Err(_) => None,
            }
        });
        self.strangers.push_back(Stranger { task, from: from.ip() });
    }

    fn ended(&mut self, id: Id) {
        self.strangers.retain(|stranger| stranger.task.id() != id);
    }
}

/// Who goes where there is no room: the first that came from where most came from, so that one machine that opens
/// line after line pushes out its own.
fn slowest(strangers: impl Iterator<Item = IpAddr> + Clone) -> Option<usize> {
    let of = |from: IpAddr| strangers.clone().filter(|other| *other == from).count();
    // The last of several greatest is taken, which has to be the first that came.
    let all: Vec<(usize, IpAddr)> = strangers.clone().enumerate().collect();
    all.into_iter().rev().max_by_key(|(_, from)| of(*from)).map(|(ix, _)| ix)
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                Some(shaken) = self.shaking.join_next_with_id() => {
                    match shaken {
                        Ok((id, connection)) => {
                            self.ended(id);
                            if let Some(connection) = connection {
                                return connection;
                            }
                        }
                        Err(error) => self.ended(error.id()),
                    }
                }
                (stream, from) = Listener::accept(&mut self.tcp) => self.begin(stream, from),
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opens_many_lines_pushes_out_its_own() {
        let ip = |nr: u8| IpAddr::from([10, 0, 0, nr]);
        assert_eq!(slowest([].into_iter()), None);
        assert_eq!(slowest([ip(1), ip(2), ip(3)].into_iter()), Some(0));
        assert_eq!(slowest([ip(1), ip(2), ip(3), ip(2)].into_iter()), Some(1));
        assert_eq!(slowest([ip(1), ip(2), ip(1), ip(2), ip(2)].into_iter()), Some(1));
    }
}
