//! Replication of a running guest's disks by its hypervisor: mirrors, backups of one instant, checkpoints.
//!
//! Everything is asked of the host that runs the guest, and read back from its description: a job that was
//! accepted proves nothing.

use std::time::Duration;

use muster_contract::{AdapterError, ErrorClass};
use uuid::Uuid;

use crate::config::LibvirtConfig;
use crate::pool::{Found, Pool, PoolError, failed};
use crate::rpc::{
    BackupBegin, BlockCopy, BlockJob, BlockJobAbort, CallError, CheckpointDelete, CheckpointRef,
    GetBlockJobInfo, Job, JobStats, ListCheckpoints,
};

mod xml;

/// `VIR_DOMAIN_BLOCK_COPY_…`: the place is there already, the job ends with the guest, and a write is
/// acknowledged to the guest once it is at both places.
const REUSE: u32 = 1 << 1;
const TRANSIENT: u32 = 1 << 2;
const SYNCHRONOUS: u32 = 1 << 3;

/// A mirror's first answer comes when its target is open.
const BEGIN: Duration = Duration::from_secs(30);

/// `virDomainJobType` of something that runs.
const UNBOUNDED: i32 = 2;
const BOUNDED: i32 = 1;
const COMPLETED: i32 = 3;

/// A disk of a guest that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningDisk {
    /// The guest.
    pub vm: Uuid,
    /// Its name.
    pub name: String,
    /// What its bus calls the disk: `vda`.
    pub target: String,
    /// The file that it is in.
    pub file: String,
    /// What is written in: `raw`, `qcow2`.
    pub format: String,
    /// How the host caches what is written; `None`: not said.
    pub cache: Option<String>,
    /// Where else it is written to.
    pub mirror: Option<Mirror>,
}

/// A second place that a disk is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Whether both places hold the same, and every write goes to both before it is acknowledged.
    pub ready: bool,
    /// The socket of the block server that it is at; `None`: it is elsewhere.
    pub socket: Option<String>,
}

/// Where a disk's state is written to in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupDisk {
    /// The disk: `vda`.
    pub target: String,
    /// The file on the guest's host, which must not exist.
    pub to: String,
    /// What it is written in. What changed since a checkpoint is written as `qcow2` only.
    pub format: &'static str,
}

/// What became of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupState {
    /// It is being written.
    Running,
    /// It is whole.
    Done,
    /// It ended without being whole, or nothing of the kind was asked.
    Failed,
}

/// The hosts of a site, for replication.
pub struct Replicator {
    pool: Pool,
}

impl Replicator {
    /// Reads the places of the hosts; contacts nobody.
    ///
    /// # Errors
    /// Where the configuration cannot be used.
    pub fn new(config: &LibvirtConfig) -> Result<Replicator, PoolError> {
        Ok(Replicator { pool: Pool::new(config)? })
    }

    /// File disks of all guests that run, as they run.
    ///
    /// # Errors
    /// Where a host does not answer: what is not known must not be taken for not running.
    pub async fn disks(&self) -> Result<Vec<RunningDisk>, AdapterError> {
        let mut disks = Vec::new();
        for found in self.pool.all().await?.into_iter().filter(|found| found.domain.id >= 0) {
            let xml = found.host.xml(&found.domain, false).await;
            let xml = match xml {
                Ok(xml) => xml,
                // It ended meanwhile.
                Err(error) if error.code() == Some(crate::rpc::code::NO_DOMAIN) => continue,
                Err(error) => return Err(failed(&error)),
            };
            let vm = Uuid::from_bytes(found.domain.uuid.0);
            disks.extend(xml::read(&xml, vm, &found.domain.name).map_err(|what| {
                let text = format!("the description of {}: {what}", found.domain.name);
                AdapterError::new(ErrorClass::Bug, text)
            })?);
        }
        Ok(disks)
    }

    /// Begins to write a disk to a block server as well, synchronously. Ready is told by [`Self::disks`].
    ///
    /// # Errors
    /// As the host says; one that is not a refusal may have begun.
    pub async fn mirror(
        &self,
        vm: Uuid,
        target: &str,
        socket: &str,
        export: &str,
    ) -> Result<(), AdapterError> {
        let found = self.running(vm).await?;
        let call = BlockCopy {
            domain: found.domain.clone(),
            disk: target.to_owned(),
            to: xml::place(socket, export),
            params: Vec::new(),
            flags: REUSE | TRANSIENT | SYNCHRONOUS,
        };
        found.host.ask_for(&call, BEGIN).await.map_err(|error| failed(&error))
    }

    /// Ends a mirror; what was written so far stays at both places. None is fine.
    ///
    /// # Errors
    /// As the host says.
    pub async fn end_mirror(&self, vm: Uuid, target: &str) -> Result<(), AdapterError> {
        let found = self.running(vm).await?;
        if self.job(&found, target).await.map_err(|error| failed(&error))?.found == 0 {
            return Ok(());
        }
        let call =
            BlockJobAbort { domain: found.domain.clone(), disk: target.to_owned(), flags: 0 };
        found.host.ask_for(&call, BEGIN).await.map_err(|error| failed(&error))
    }

    /// What is under way with a disk; `None`: nothing.
    ///
    /// # Errors
    /// Where the host does not answer.
    pub async fn block_job(
        &self,
        vm: Uuid,
        target: &str,
    ) -> Result<Option<BlockJob>, AdapterError> {
        let found = self.running(vm).await?;
        let job = self.job(&found, target).await.map_err(|error| failed(&error))?;
        Ok((job.found != 0).then_some(job))
    }

    async fn job(&self, found: &Found, disk: &str) -> Result<BlockJob, CallError> {
        let call =
            GetBlockJobInfo { domain: found.domain.clone(), disk: disk.to_owned(), flags: 0 };
        found.host.ask(&call).await
    }

    /// Begins to write the state that disks of a guest have at this instant; all of them at the same one.
    /// `since`: only what changed after that checkpoint; `checkpoint`: one to make at the same instant, which
    /// needs disks in qcow2.
    ///
    /// # Errors
    /// As the host says; one that is not a refusal may have begun.
    pub async fn backup(
        &self,
        vm: Uuid,
        disks: &[BackupDisk],
        since: Option<&str>,
        checkpoint: Option<&str>,
    ) -> Result<(), AdapterError> {
        let found = self.running(vm).await?;
        let xml = found.host.xml(&found.domain, false).await.map_err(|error| failed(&error))?;
        let all = xml::targets(&xml)
            .map_err(|what| AdapterError::new(ErrorClass::Bug, format!("{}: {what}", vm)))?;
        let call = BackupBegin {
            domain: found.domain.clone(),
            backup: xml::backup(&all, disks, since),
            checkpoint: checkpoint.map(|name| xml::checkpoint_of(&all, disks, name)),
            flags: 0,
        };
        found.host.ask_for(&call, BEGIN).await.map_err(|error| failed(&error))
    }

    /// What became of the last backup of a guest.
    ///
    /// # Errors
    /// Where the host does not answer, or the guest does not run any more.
    pub async fn backup_state(&self, vm: Uuid) -> Result<BackupState, AdapterError> {
        let found = self.running(vm).await?;
        let stats = |flags| JobStats { domain: found.domain.clone(), flags };
        let now: Job = found.host.ask(&stats(0)).await.map_err(|error| failed(&error))?;
        if matches!(now.kind, BOUNDED | UNBOUNDED) {
            return Ok(BackupState::Running);
        }
        // Kept (2), so that who asks twice is told the same.
        let last = found.host.ask(&stats(1 | 2)).await.map_err(|error| failed(&error))?;
        Ok(if last.kind == COMPLETED { BackupState::Done } else { BackupState::Failed })
    }

    /// Names of a guest's checkpoints.
    ///
    /// # Errors
    /// Where the host does not answer.
    pub async fn checkpoints(&self, vm: Uuid) -> Result<Vec<String>, AdapterError> {
        let found = self.running(vm).await?;
        let call = ListCheckpoints { domain: found.domain.clone(), need_results: 1, flags: 0 };
        let listed = found.host.ask(&call).await.map_err(|error| failed(&error))?;
        Ok(listed.checkpoints.into_iter().map(|checkpoint| checkpoint.name).collect())
    }

    /// Forgets a checkpoint; what it noted goes to the one before.
    ///
    /// # Errors
    /// As the host says.
    pub async fn drop_checkpoint(&self, vm: Uuid, name: &str) -> Result<(), AdapterError> {
        let found = self.running(vm).await?;
        let checkpoint = CheckpointRef { name: name.to_owned(), domain: found.domain.clone() };
        let call = CheckpointDelete { checkpoint, flags: 0 };
        found.host.ask_for(&call, BEGIN).await.map_err(|error| failed(&error))
    }

    async fn running(&self, vm: Uuid) -> Result<Found, AdapterError> {
        let found = self.pool.find(vm).await?.filter(|found| found.domain.id >= 0);
        found.ok_or_else(|| {
            AdapterError::new(ErrorClass::Precondition, format!("{vm} does not run here"))
        })
    }
}
