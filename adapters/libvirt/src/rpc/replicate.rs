//! Procedures of replication: block jobs, checkpoints and backups.

use serde::{Deserialize, Serialize};

use super::procedure::{Call, DomainRef, Param};

/// A checkpoint as the daemon names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointRef {
    /// Its name.
    pub name: String,
    /// The domain that it is of.
    pub domain: DomainRef,
}

/// Checkpoints of a domain.
#[derive(Clone, Debug, Deserialize)]
pub struct Checkpoints {
    /// They.
    pub checkpoints: Vec<CheckpointRef>,
    /// How many there are.
    pub count: i32,
}

/// What is under way with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct BlockJob {
    /// 0: nothing is, and the rest means nothing.
    pub found: i32,
    /// `virDomainBlockJobType`: 2 is a copy.
    pub kind: i32,
    /// Its limit.
    pub bandwidth: u64,
    /// Bytes done.
    pub done: u64,
    /// Bytes in all.
    pub all: u64,
}

/// Writes a disk to a second place as well, from now on.
#[derive(Clone, Debug, Serialize)]
pub struct BlockCopy {
    /// The domain.
    pub domain: DomainRef,
    /// The disk, by its target or its file.
    pub disk: String,
    /// The second place, as the element `disk`.
    pub to: String,
    /// `bandwidth`, `granularity`, `buf-size`.
    pub params: Vec<Param>,
    /// `virDomainBlockCopyFlags`.
    pub flags: u32,
}

impl Call for BlockCopy {
    const PROCEDURE: u32 = 345;
    type Answer = ();
}

/// Asks what is under way with a disk.
#[derive(Clone, Debug, Serialize)]
pub struct GetBlockJobInfo {
    /// The domain.
    pub domain: DomainRef,
    /// The disk.
    pub disk: String,
    /// 1: bandwidth in bytes.
    pub flags: u32,
}

impl Call for GetBlockJobInfo {
    const PROCEDURE: u32 = 238;
    type Answer = BlockJob;
}

/// Ends what is under way with a disk.
#[derive(Clone, Debug, Serialize)]
pub struct BlockJobAbort {
    /// The domain.
    pub domain: DomainRef,
    /// The disk.
    pub disk: String,
    /// 1: without waiting for it; 2: the second place becomes the disk.
    pub flags: u32,
}

impl Call for BlockJobAbort {
    const PROCEDURE: u32 = 237;
    type Answer = ();
}

/// Begins to note what changes from now on.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointCreate {
    /// The domain.
    pub domain: DomainRef,
    /// What is noted, as the element `domaincheckpoint`.
    pub xml: String,
    /// `virDomainCheckpointCreateFlags`.
    pub flags: u32,
}

impl Call for CheckpointCreate {
    const PROCEDURE: u32 = 411;
    type Answer = CheckpointRef;
}

/// All checkpoints of a domain.
#[derive(Clone, Debug, Serialize)]
pub struct ListCheckpoints {
    /// The domain.
    pub domain: DomainRef,
    /// 1: the checkpoints and not only how many.
    pub need_results: i32,
    /// Which; 0: all.
    pub flags: u32,
}

impl Call for ListCheckpoints {
    const PROCEDURE: u32 = 413;
    type Answer = Checkpoints;
}

/// Forgets what was noted since a checkpoint; an earlier one takes it over.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointDelete {
    /// Which.
    pub checkpoint: CheckpointRef,
    /// `virDomainCheckpointDeleteFlags`.
    pub flags: u32,
}

impl Call for CheckpointDelete {
    const PROCEDURE: u32 = 417;
    type Answer = ();
}

/// Begins to write the state that disks have at this instant somewhere else.
#[derive(Clone, Debug, Serialize)]
pub struct BackupBegin {
    /// The domain.
    pub domain: DomainRef,
    /// Which disks, and where to, as the element `domainbackup`.
    pub backup: String,
    /// A checkpoint to make at the same instant.
    pub checkpoint: Option<String>,
    /// 1: the files are there already.
    pub flags: u32,
}

impl Call for BackupBegin {
    const PROCEDURE: u32 = 421;
    type Answer = ();
}
