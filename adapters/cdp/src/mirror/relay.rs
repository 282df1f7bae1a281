//! Sockets at the source, behind which the other site's block servers are.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_plans::id::ConsistencyGroupId;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::disk;
use crate::error::Error;
use crate::peer::{Client, Describes};

/// Relays of one group. All end with the first line that ends, and with this: QEMU then ends its mirrors, and
/// the guests go on.
pub(crate) struct Relays {
    _tasks: JoinSet<()>,
    ended: watch::Sender<bool>,
    sockets: Vec<PathBuf>,
}

impl Relays {
    /// Listens for QEMU, one socket for each file.
    pub(crate) fn start(
        client: &Arc<Client>,
        group: &ConsistencyGroupId,
        describes: &Describes,
        files: Vec<(String, PathBuf, PathBuf)>,
    ) -> Result<Relays, Error> {
        let (ended, mut tasks, mut sockets) =
            (watch::Sender::new(false), JoinSet::new(), Vec::new());
        for (file, image, socket) in files {
            disk::remove(&socket)?;
            let listener =
                UnixListener::bind(&socket).map_err(Error::io("cannot listen at", &socket))?;
            owned(&socket, &image).map_err(Error::io("cannot give away", &socket))?;
            sockets.push(socket);
            let line = Line {
                client: Arc::clone(client),
                group: group.clone(),
                describes: describes.clone(),
                file,
                ended: ended.clone(),
            };
            tasks.spawn(line.listen(listener));
        }
        Ok(Relays { _tasks: tasks, ended, sockets })
    }

    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }
}

impl Drop for Relays {
    fn drop(&mut self) {
        for socket in &self.sockets {
            let _ = disk::remove(socket);
        }
    }
}

/// Who may write the image may write its mirror, and nobody else may.
fn owned(socket: &Path, image: &Path) -> std::io::Result<()> {
    let found = image.metadata()?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    std::os::unix::fs::chown(socket, Some(found.uid()), Some(found.gid()))
}

struct Line {
    client: Arc<Client>,
    group: ConsistencyGroupId,
    describes: Describes,
    file: String,
    ended: watch::Sender<bool>,
}

impl Line {
    async fn listen(self, listener: UnixListener) {
        let mut others = self.ended.subscribe();
        tokio::select! {
            () = self.carry(listener) => {}
            _ = others.wait_for(|ended| *ended) => {}
        }
        self.ended.send_replace(true);
    }

    /// QEMU comes once for a mirror; what comes after that line is a mirror of its own.
    async fn carry(&self, listener: UnixListener) {
        let Ok((mut here, _)) = listener.accept().await else { return };
        if let Err(error) = self.through(&mut here).await {
            tracing::warn!(group = %self.group, file = %self.file, %error, "a mirror's line ended");
        }
    }

    async fn through(&self, here: &mut UnixStream) -> Result<(), Error> {
        let mut there = self.client.mirror(&self.group, &self.file, &self.describes).await?;
        let carried = copy_bidirectional(here, &mut there).await;
        carried.map(drop).map_err(|error| Error::Silent(error.to_string()))
    }
}
