//! What lies where below the root. Every name is checked before it becomes a part of a path.

use std::path::{Path, PathBuf};

use muster_plans::id::{ConsistencyGroupId, RecoveryPointId};

use muster_contract::name::{NameError, check};

/// Folders of a root.
pub(crate) const FOLDERS: [&str; 8] =
    ["legs", "groups", "points", "incoming", "clones", "tests", "state/groups", "state/clones"];

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

    /// The live subvolume of a leg.
    pub(crate) fn live(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("legs").join(check(group.as_str())?))
    }

    /// Where the next live subvolume is made, so that it appears whole or not at all.
    pub(crate) fn new_live(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("legs").join(format!(".new-{}", check(group.as_str())?)))
    }

    /// The link through which hosts see the live subvolume.
    pub(crate) fn shown(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("groups").join(check(group.as_str())?))
    }

    pub(crate) fn points(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("points").join(check(group.as_str())?))
    }

    pub(crate) fn point(
        &self,
        group: &ConsistencyGroupId,
        point: &RecoveryPointId,
    ) -> Result<PathBuf, NameError> {
        Ok(self.points(group)?.join(check(point.as_str())?))
    }

    pub(crate) fn incoming(&self, group: &ConsistencyGroupId) -> Result<PathBuf, NameError> {
        Ok(self.root.join("incoming").join(check(group.as_str())?))
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
