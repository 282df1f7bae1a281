//! The storage of a site: one of the products that there are adapters for, and what it makes possible.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use muster_adapter_btrfs::{Btrfs, Config as BtrfsConfig};
use muster_adapter_cdp::{Cdp, Config as CdpConfig, Guests};
use muster_adapter_ceph::{Ceph, Config as CephConfig};
use muster_adapter_libvirt::METHODS;
use muster_contract::{
    Capabilities, FenceLevel, FencingAdapter, OperationKind, PROTOCOL_VERSION, StorageAdapter,
    VolumeAdapter,
};
use muster_plans::id::SiteName;
use muster_plans::mobility::Method;

use super::Now;
use super::serve::Work;

/// A product, opened.
pub(super) struct Storage {
    pub(super) capabilities: Capabilities,
    pub(super) storage: Arc<dyn StorageAdapter>,
    pub(super) fencing: Arc<dyn FencingAdapter>,
    pub(super) volumes: Arc<dyn VolumeAdapter>,
    /// What goes on beside what it is asked.
    pub(super) work: Vec<Work>,
}

/// No storage.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Nothing says where the data is.
    #[error("the file names no storage: give it `btrfs`, `ceph` or `cdp`")]
    None,
    /// More than one does.
    #[error("the file names several storages: an agent has one; run an agent for each")]
    Several,
    /// It cannot be used.
    #[error("btrfs: {0}")]
    Btrfs(String),
    /// It cannot be used.
    #[error("cdp: {0}")]
    Cdp(String),
    /// It cannot be used.
    #[error("ceph: {0}")]
    Ceph(#[from] muster_adapter_ceph::ConfigError),
}

/// The longest round trip and the warning before it, in ms, over which a guest writes to a stretched cluster
/// with one storage daemon of each site in every write.
const STRETCHED_RTT_MS: (f64, f64) = (10.0, 5.0);

pub(super) async fn btrfs(
    config: BtrfsConfig,
    site: &SiteName,
    now: &Now,
) -> Result<Storage, StorageError> {
    let wrong = |error: &dyn std::fmt::Display| StorageError::Btrfs(error.to_string());
    let btrfs = Btrfs::open(config, site.clone(), now.clone()).await.map_err(|e| wrong(&e))?;
    let listener = btrfs.listen().await.map_err(|error| wrong(&error))?;
    let (storage, fencing, volumes) = (btrfs.clone(), btrfs.clone(), btrfs.clone());
    let work = vec![replicates(move |stopped| btrfs.run(listener, stopped))];
    let capabilities = capabilities(site, "libvirt, btrfs", None);
    Ok(Storage { capabilities, storage, fencing, volumes, work })
}

pub(super) async fn cdp(
    config: CdpConfig,
    guests: Arc<dyn Guests>,
    site: &SiteName,
    now: &Now,
) -> Result<Storage, StorageError> {
    let wrong = |error: &dyn std::fmt::Display| StorageError::Cdp(error.to_string());
    let cdp = Cdp::open(config, site.clone(), now.clone(), guests).await.map_err(|e| wrong(&e))?;
    let listener = cdp.listen().await.map_err(|error| wrong(&error))?;
    let (storage, fencing, volumes) = (cdp.clone(), cdp.clone(), cdp.clone());
    let work = vec![replicates(move |stopped| cdp.run(listener, stopped))];
    let capabilities = capabilities(site, "libvirt, cdp", None);
    Ok(Storage { capabilities, storage, fencing, volumes, work })
}

/// What tells a product to stop.
type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Answers the other site's agent and sends, until the agent stops.
fn replicates<F>(run: impl FnOnce(Stopped) -> F + Send + 'static) -> Work
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    Box::new(move |mut stop| {
        Box::pin(async move {
            let stopped = Box::pin(async move { drop(stop.wait_for(|stop| *stop).await) });
            if let Err(error) = run(stopped).await {
                tracing::error!(%error, "replication has stopped");
            }
        })
    })
}

pub(super) fn ceph(
    config: CephConfig,
    site: &SiteName,
    now: &Now,
) -> Result<Storage, StorageError> {
    let stretched = config.is_stretched().then_some(STRETCHED_RTT_MS);
    let ceph = Ceph::open(config, site.clone(), now.clone())?;
    Ok(Storage {
        capabilities: capabilities(site, "libvirt, ceph", stretched),
        storage: ceph.clone(),
        fencing: ceph.clone(),
        volumes: ceph,
        work: Vec::new(),
    })
}

/// What a site's products can do together; `stretched`: its volumes are written at both sites. None of them knows
/// tokens: the agent before them does.
fn capabilities(site: &SiteName, product: &str, stretched: Option<(f64, f64)>) -> Capabilities {
    let missing = |kind: OperationKind| match kind {
        OperationKind::WakeHost | OperationKind::PowerOffHost => true,
        // What only one site writes cannot follow a VM that runs.
        OperationKind::SetPreference | OperationKind::Migrate => stretched.is_none(),
        _ => false,
    };
    let can = OperationKind::ALL.into_iter().filter(|kind| !missing(*kind));
    let operations: BTreeMap<OperationKind, FenceLevel> =
        can.map(|kind| (kind, FenceLevel::None)).collect();
    Capabilities {
        protocol: PROTOCOL_VERSION,
        site: site.clone(),
        product: product.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operations,
        methods: stretched.map_or_else(Vec::<Method>::new, |_| METHODS.to_vec()),
        stretched_rtt_ms: stretched.unwrap_or_default(),
    }
}
