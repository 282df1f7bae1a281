//! What lies where below the root. Every name is checked before it becomes a part of a path.

use std::path::{Path, PathBuf};

use muster_contract::name::{NameError, check};
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId};
use sha2::{Digest, Sha256};

/// Folders of a root.
pub(crate) const FOLDERS: [&str; 12] = [
    "legs",
    "groups",
    "points",
    "incoming",
    "mirrors",
    "scratch",
    "run",
    "clones",
    "tests",
    "state/groups",
    "state/clones",
    "state/mirrors",
];

/// The root.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Layout {
        Layout { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn of(&self, folder: &str, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join(folder).join(check(group.as_str())?))
    }

    /// The live files of a leg.
    pub(crate) fn live(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        self.of("legs", group)
    }

    /// Where the next live files are made, so that they appear whole or not at all.
    pub(crate) fn new_live(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("legs").join(format!(".new-{}", check(group.as_str())?)))
    }

    /// The link through which hosts see them.
    pub(crate) fn shown(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        self.of("groups", group)
    }

    /// That link, while it is not sure that they may be written.
    pub(crate) fn unsure(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("groups").join(format!(".{}", check(group.as_str())?)))
    }

    pub(crate) fn points(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        self.of("points", group)
    }

    pub(crate) fn point(
        &self,
        group: &ConsistencyGroupId,
        point: &RecoveryPointId,
    ) -> Result<PathBuf, NameError> {
        Ok(self.points(group)?.join(check(point.as_str())?))
    }

    /// A point on its way in.
    pub(crate) fn incoming(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        self.of("incoming", group)
    }

    /// What the other site's guests write to as well.
    pub(crate) fn mirror(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        self.of("mirrors", group)
    }

    /// What the mirror is worth.
    pub(crate) fn mirror_file(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("state/mirrors").join(format!("{}.json", check(group.as_str())?)))
    }

    /// States of running guests on their way out.
    pub(crate) fn scratch(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        self.of("scratch", group)
    }

    /// A socket for a disk. Addresses of sockets are short, so that names are not a part of it.
    pub(crate) fn socket(&self, group: &ConsistencyGroupId, file: &str, end: &str) -> PathBuf {
        let hash = Sha256::digest(format!("{group}/{file}").as_bytes());
        let short: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.root.join("run").join(format!("{short}.{end}"))
    }

    pub(crate) fn clone(&self, name: &str) -> Result<PathBuf, NameError> {
        Ok(self.root.join("clones").join(check(name)?))
    }

    /// The link through which hosts see a clone.
    pub(crate) fn shown_clone(&self, name: &str) -> Result<PathBuf, NameError> {
        Ok(self.root.join("tests").join(check(name)?))
    }

    pub(crate) fn leg_file(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("state/groups").join(format!("{}.json", check(group.as_str())?)))
    }

    pub(crate) fn clone_file(&self, name: &str) -> Result<PathBuf, NameError> {
        Ok(self.root.join("state/clones").join(format!("{}.json", check(name)?)))
    }

    pub(crate) fn fence_file(&self) -> PathBuf {
        self.root.join("state/fence.json")
    }
}
