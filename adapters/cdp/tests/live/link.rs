//! The way between two sites, which can be cut without anybody being told.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Carries connections until it is dropped; while it is cut nothing comes through, and nobody hears of it.
pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    cut: Arc<watch::Sender<bool>>,
    _tasks: JoinSet<()>,
}

impl Link {
    pub(crate) async fn new(to: SocketAddr) -> Link {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, cut) = (listener.local_addr().unwrap(), Arc::new(watch::Sender::new(false)));
        let (mut tasks, cuts) = (JoinSet::new(), Arc::clone(&cut));
        tasks.spawn(async move {
            let mut lines = JoinSet::new();
            loop {
                let Ok((here, _)) = listener.accept().await else { return };
                let cut = cuts.subscribe();
                lines.spawn(async move {
                    let Ok(there) = TcpStream::connect(to).await else { return };
                    for line in [&here, &there] {
                        line.set_nodelay(true).unwrap();
                    }
                    let ((mut a, mut b), (mut c, mut d)) = (here.into_split(), there.into_split());
                    tokio::join!(carry(&mut a, &mut d, cut.clone()), carry(&mut c, &mut b, cut));
                });
            }
        });
        Link { address, cut, _tasks: tasks }
    }

    pub(crate) fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}

async fn carry(
    from: &mut tokio::net::tcp::OwnedReadHalf,
    to: &mut tokio::net::tcp::OwnedWriteHalf,
    mut cut: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        let _ = cut.wait_for(|cut| !*cut).await;
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            let _ = to.shutdown().await;
            return;
        }
    }
}
