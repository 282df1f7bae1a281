//! What `rbd` is told. Names are checked before they come here: none begins with a dash.

use serde::de::DeserializeOwned;

use super::Cli;
use super::command::Call;
use crate::error::Error;
use crate::said::{self, ImageInfo, Listed, Locker, MirrorStatus, Snap, Watchers};

/// `POOL/IMAGE`.
pub(crate) fn spec(pool: &str, image: &str) -> String {
    format!("{pool}/{image}")
}

impl Cli {
    async fn rbd(&self, verb: &'static str, words: &[&str]) -> Result<Vec<u8>, Error> {
        self.run(Call { verb, program: "rbd", words, input: None }).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        verb: &'static str,
        words: &[&str],
    ) -> Result<T, Error> {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
        said::json(verb, &self.rbd(verb, &words).await?)
    }

    async fn ask_list<T: DeserializeOwned>(
        &self,
        verb: &'static str,
        words: &[&str],
    ) -> Result<Vec<T>, Error> {
        let words: Vec<&str> = words.iter().copied().chain(["--format", "json"]).collect();
        said::list(verb, &self.rbd(verb, &words).await?)
    }

    /// Images of a pool with their sizes.
    pub(crate) async fn images(&self, pool: &str) -> Result<Vec<Listed>, Error> {
        let all: Vec<Listed> = self.ask_list("rbd ls", &["ls", "--long", pool]).await?;
        // Snapshots are listed among them.
        Ok(all.into_iter().filter(|listed| listed.snapshot.is_none()).collect())
    }

    /// `None`: there is no such image.
    pub(crate) async fn info(&self, spec: &str) -> Result<Option<ImageInfo>, Error> {
        absent(self.ask("rbd info", &["info", spec]).await)
    }

    pub(crate) async fn meta(&self, spec: &str) -> Result<said::Meta, Error> {
        let words = ["image-meta", "ls", spec, "--format", "json"];
        let out = self.rbd("rbd image-meta ls", &words).await?;
        // Of an image without any it says nothing at all.
        match out.trim_ascii().is_empty() {
            true => Ok(said::Meta::default()),
            false => said::json("rbd image-meta ls", &out),
        }
    }

    pub(crate) async fn set_meta(&self, spec: &str, key: &str, value: &str) -> Result<(), Error> {
        let words = ["image-meta", "set", spec, key, value];
        self.rbd("rbd image-meta set", &words).await.map(drop)
    }

    pub(crate) async fn snaps(&self, spec: &str) -> Result<Vec<Snap>, Error> {
        self.ask_list("rbd snap ls", &["snap", "ls", "--all", spec]).await
    }

    pub(crate) async fn watchers(&self, spec: &str) -> Result<Watchers, Error> {
        self.ask("rbd status", &["status", spec]).await
    }

    /// Takes a lock from its holder, whom Ceph keeps out from then on.
    pub(crate) async fn break_lock(&self, spec: &str, lock: &Locker) -> Result<(), Error> {
        self.rbd("rbd lock rm", &["lock", "rm", spec, &lock.id, &lock.locker]).await.map(drop)
    }

    pub(crate) async fn lockers(&self, spec: &str) -> Result<Vec<Locker>, Error> {
        self.ask_list("rbd lock ls", &["lock", "ls", spec]).await
    }

    pub(crate) async fn mirror_status(&self, spec: &str) -> Result<MirrorStatus, Error> {
        self.ask("rbd mirror image status", &["mirror", "image", "status", spec]).await
    }

    pub(crate) async fn demote(&self, spec: &str) -> Result<(), Error> {
        self.rbd("rbd mirror image demote", &["mirror", "image", "demote", spec]).await.map(drop)
    }

    pub(crate) async fn promote(&self, spec: &str, force: bool) -> Result<(), Error> {
        let mut words = vec!["mirror", "image", "promote", spec];
        words.extend(force.then_some("--force"));
        self.rbd("rbd mirror image promote", &words).await.map(drop)
    }

    pub(crate) async fn resync(&self, spec: &str) -> Result<(), Error> {
        self.rbd("rbd mirror image resync", &["mirror", "image", "resync", spec]).await.map(drop)
    }

    pub(crate) async fn enable(&self, spec: &str, mode: &str) -> Result<(), Error> {
        let words = ["mirror", "image", "enable", spec, mode];
        self.rbd("rbd mirror image enable", &words).await.map(drop)
    }

    pub(crate) async fn mirror_snapshot(&self, spec: &str) -> Result<(), Error> {
        let words = ["mirror", "image", "snapshot", spec];
        self.rbd("rbd mirror image snapshot", &words).await.map(drop)
    }

    pub(crate) async fn snap(&self, spec: &str) -> Result<(), Error> {
        self.rbd("rbd snap create", &["snap", "create", "--no-progress", spec]).await.map(drop)
    }

    /// It may be gone.
    pub(crate) async fn drop_snap(&self, spec: &str) -> Result<(), Error> {
        let words = ["snap", "rm", "--no-progress", spec];
        absent(self.rbd("rbd snap rm", &words).await).map(drop)
    }

    /// A writable copy that shares what is not written. A journal is for what is mirrored.
    pub(crate) async fn clone_image(&self, of: &str, at: &str) -> Result<(), Error> {
        let format = ["clone", "--rbd-default-clone-format", "2"];
        let features = ["--image-feature", "layering,exclusive-lock"];
        let words: Vec<&str> = format.into_iter().chain(features).chain([of, at]).collect();
        self.rbd("rbd clone", &words).await.map(drop)
    }

    /// A writable copy that shares nothing.
    pub(crate) async fn copy(&self, of: &str, at: &str) -> Result<(), Error> {
        let features = ["--image-feature", "layering,exclusive-lock"];
        let words: Vec<&str> =
            ["cp", "--no-progress"].into_iter().chain(features).chain([of, at]).collect();
        self.rbd("rbd cp", &words).await.map(drop)
    }

    pub(crate) async fn create(&self, spec: &str, size: &str) -> Result<(), Error> {
        self.rbd("rbd create", &["create", "--size", size, spec]).await.map(drop)
    }

    /// It may be gone.
    pub(crate) async fn remove(&self, spec: &str) -> Result<(), Error> {
        absent(self.rbd("rbd rm", &["rm", "--no-progress", spec]).await).map(drop)
    }

    /// All that an image holds.
    pub(crate) async fn export(&self, spec: &str) -> Result<Option<Vec<u8>>, Error> {
        absent(self.rbd("rbd export", &["export", "--no-progress", spec, "-"]).await)
    }

    /// Writes parts of an image, in the format of `rbd export-diff`.
    pub(crate) async fn import_diff(&self, spec: &str, diff: Vec<u8>) -> Result<(), Error> {
        let words = ["import-diff", "--no-progress", "-", spec];
        let input = Some(diff);
        self.run(Call { verb: "rbd import-diff", program: "rbd", words: &words, input })
            .await
            .map(drop)
    }
}

/// `None` where what was asked about is not there.
fn absent<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_code(2) => Ok(None),
        Err(error) => Err(error),
    }
}
