//! What is asked of the hypervisor; handed in, so that tests have their own.

use async_trait::async_trait;
use muster_adapter_libvirt::Replicator;
use muster_adapter_libvirt::replicate::{BackupDisk, BackupState, RunningDisk};
use muster_contract::AdapterError;
use uuid::Uuid;

/// Guests that run on the hosts of the site.
#[async_trait]
pub trait Guests: Send + Sync {
    /// File disks of all of them.
    ///
    /// # Errors
    /// Where one host does not answer: what is not known must not be taken for not running.
    async fn disks(&self) -> Result<Vec<RunningDisk>, AdapterError>;

    /// Begins to write a disk to a block server as well.
    async fn mirror(
        &self,
        vm: Uuid,
        target: &str,
        socket: &str,
        export: &str,
    ) -> Result<(), AdapterError>;

    /// Ends that, where it is so.
    async fn end_mirror(&self, vm: Uuid, target: &str) -> Result<(), AdapterError>;

    /// Begins to write what disks of a guest hold at this instant.
    async fn backup(&self, vm: Uuid, disks: &[BackupDisk]) -> Result<(), AdapterError>;

    /// What became of it.
    async fn backup_state(&self, vm: Uuid) -> Result<BackupState, AdapterError>;
}

#[async_trait]
impl Guests for Replicator {
    async fn disks(&self) -> Result<Vec<RunningDisk>, AdapterError> {
        Replicator::disks(self).await
    }

    async fn mirror(
        &self,
        vm: Uuid,
        target: &str,
        socket: &str,
        export: &str,
    ) -> Result<(), AdapterError> {
        Replicator::mirror(self, vm, target, socket, export).await
    }

    async fn end_mirror(&self, vm: Uuid, target: &str) -> Result<(), AdapterError> {
        Replicator::end_mirror(self, vm, target).await
    }

    async fn backup(&self, vm: Uuid, disks: &[BackupDisk]) -> Result<(), AdapterError> {
        // Disks in raw can note nothing, so that a whole state is written; what differs is found by digests.
        Replicator::backup(self, vm, disks, None, None).await
    }

    async fn backup_state(&self, vm: Uuid) -> Result<BackupState, AdapterError> {
        Replicator::backup_state(self, vm).await
    }
}
