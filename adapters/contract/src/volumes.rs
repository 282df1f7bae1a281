//! How a hypervisor reaches what a storage product holds: the binding of a VM's objects.
//!
//! A site of two products needs it inside its agent; nothing of it is asked over the network.

use async_trait::async_trait;
use muster_plans::id::{ConsistencyGroupId, ContainerId, VmId, VolumeId};

use crate::error::AdapterError;
use crate::outcome::{Outcome, Receipt};

/// Where hosts of a site find a volume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A file, by its absolute path on every host of the site.
    File(String),
    /// An RBD image, `POOL/IMAGE`.
    Rbd(String),
}

/// A volume as it is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The volume, by the id that it has at both sites.
    pub volume: VolumeId,
    /// The container it lies in at this site.
    pub container: ContainerId,
    /// Size in MiB.
    pub size_mib: u64,
    /// Where hosts find it, once it is mounted.
    pub place: Place,
    /// Whether it is mounted on the hosts of this site.
    pub mounted: bool,
}

/// What is mounted on the hosts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mountable<'a> {
    /// The production volumes of a group.
    Group(&'a ConsistencyGroupId),
    /// A test clone, by its name.
    Clone(&'a str),
}

/// Volumes of one storage product, for the hypervisor of the same site.
#[async_trait]
pub trait VolumeAdapter: Send + Sync {
    /// Where a production volume is; with a clone's name, where it is in that clone.
    ///
    /// # Errors
    /// `NotFound` where there is no such volume here.
    async fn bind(&self, volume: &VolumeId, clone: Option<&str>) -> Result<Bound, AdapterError>;

    /// The production volume at a place, whether it is mounted or not; `None`: nothing of this product.
    async fn volume_at(&self, place: &Place) -> Result<Option<Bound>, AdapterError>;

    /// Whether a volume is of a group.
    fn is_of(&self, volume: &VolumeId, group: &ConsistencyGroupId) -> bool;

    /// The id of a VM's home, which lies in the group of one of its volumes.
    fn home(&self, beside: &VolumeId, vm: VmId) -> VolumeId;

    /// What a home holds; `None`: nothing was written yet.
    async fn read(
        &self,
        home: &VolumeId,
        clone: Option<&str>,
    ) -> Result<Option<String>, AdapterError>;

    /// Replaces what a home holds, whole or not at all.
    ///
    /// # Errors
    /// `Precondition` where its leg takes no writes here.
    async fn write(&self, home: &VolumeId, text: &str) -> Result<(), AdapterError>;

    /// Shows volumes to the hosts of the site, or takes them away; refused while a process has them open.
    async fn mount(&self, what: Mountable<'_>, on: bool) -> Outcome<Receipt>;

    /// Whether production VMs may write to a volume here, as the storage itself says now.
    async fn writable(&self, volume: &VolumeId) -> Result<bool, AdapterError>;

    /// A word that changes whenever a volume begins to be written here after it may have been written elsewhere or
    /// was replaced: what a guest remembers of a disk is worth something under the same word only. `None`: the
    /// storage has none.
    async fn history(&self, _volume: &VolumeId) -> Result<Option<String>, AdapterError> {
        Ok(None)
    }
}
