//! The file of a site agent: which products stand at its site.
//!
//! ```yaml
//! site: paris
//! data: /var/lib/muster-agent
//! listen: 10.0.1.5:7900
//! tls: {cert: agent.crt, key: agent.key, clientCa: muster-ca.crt}
//! libvirt:
//!   cluster: paris-kvm
//!   hosts:
//!     - {id: paris-kvm-1, uri: "qemu:///system"}
//!   networks:
//!     - {name: prod, role: production, subnets: [10.10.0.0/24]}
//! btrfs: {…}      # or ceph, or cdp
//! redfish: {…}    # where hosts can be switched off from outside
//! ```

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_adapter_btrfs::Config as BtrfsConfig;
use muster_adapter_cdp::Config as CdpConfig;
use muster_adapter_ceph::Config as CephConfig;
use muster_adapter_libvirt::{Libvirt, LibvirtConfig, Replicator};
use muster_adapter_redfish::{Config as PowerConfig, HostPower};
use muster_adapter_remote::serve::TlsFiles;
use muster_contract::{FenceLevel, OpId, OperationKind};
use muster_plans::finding::Finding;
use muster_plans::id::SiteName;
use muster_plans::source::SourceFile;
use serde::Deserialize;

use super::serve::Work;
use super::storage::{self, Storage, StorageError};
use super::{AgentOptions, Neighbour, Now, Products, compose};

/// What the file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AgentFile {
    site: SiteName,
    data: PathBuf,
    #[serde(default = "listen")]
    listen: SocketAddr,
    #[serde(default)]
    token_file: Option<PathBuf>,
    #[serde(default)]
    tls: Option<TlsFiles>,
    #[serde(default)]
    links: Vec<Neighbour>,
    libvirt: LibvirtConfig,
    #[serde(default)]
    btrfs: Option<BtrfsConfig>,
    #[serde(default)]
    ceph: Option<CephConfig>,
    #[serde(default)]
    cdp: Option<CdpConfig>,
    #[serde(default)]
    redfish: Option<PowerConfig>,
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 7900))
}

/// A file from which no agent can be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It, or one that it names, cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A token that guards nothing.
    #[error("the token file {0} is empty")]
    EmptyToken(PathBuf),
    /// It makes no sense.
    #[error("{}", muster_plans::render::text(.0))]
    Findings(Vec<Finding>),
    /// Its storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// What switches its hosts off.
    #[error("redfish: {0}")]
    Power(#[from] muster_adapter_redfish::ConfigError),
    /// Its hypervisors.
    #[error("libvirt: {0}")]
    Hypervisor(#[from] muster_adapter_libvirt::PoolError),
}

/// Reads the file and makes the products of the site. Relative paths count from the file's own folder.
///
/// # Errors
/// [`ConfigError`], before anything was served.
pub async fn options(
    path: &Path,
    settled: Vec<OpId>,
    now: Now,
) -> Result<AgentOptions, ConfigError> {
    let unreadable =
        |path: &Path, source| ConfigError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
    let source = SourceFile::new(path.display().to_string(), text);
    let mut file: AgentFile =
        muster_plans::load::settings(&source).map_err(ConfigError::Findings)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    file.settle(folder);
    let token = match &file.token_file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
            if text.trim().is_empty() {
                return Err(ConfigError::EmptyToken(path.clone()));
            }
            Some(text.trim().to_owned())
        }
        None => None,
    };
    let storage = match (file.btrfs, file.ceph, file.cdp) {
        (Some(config), None, None) => storage::btrfs(config, &file.site, &now).await?,
        (None, Some(config), None) => storage::ceph(config, &file.site, &now)?,
        (None, None, Some(config)) => {
            let guests = Arc::new(Replicator::new(&file.libvirt)?);
            storage::cdp(config, guests, &file.site, &now).await?
        }
        (None, None, None) => return Err(StorageError::None.into()),
        _ => return Err(StorageError::Several.into()),
    };
    let Storage { mut capabilities, storage, mut fencing, volumes, mut work } = storage;
    if let Some(config) = file.redfish {
        let power = HostPower::open(config, file.site.clone(), now.clone())?;
        capabilities.operations.insert(OperationKind::PowerOffHost, FenceLevel::None);
        fencing = super::fences::both(fencing, power);
    }
    let libvirt = Arc::new(Libvirt::new(file.site, file.libvirt, volumes, now.clone())?);
    let products = Products {
        capabilities,
        storage,
        hypervisor: libvirt.clone(),
        fencing,
        neighbours: file.links,
        now: now.clone(),
    };
    let keeps: Work = Box::new(move |mut stop| {
        Box::pin(async move { libvirt.run(async move { drop(stop.wait_for(|s| *s).await) }).await })
    });
    work.push(keeps);
    Ok(AgentOptions {
        backend: Arc::new(compose(products)),
        work,
        data: file.data,
        listen: file.listen,
        token,
        tls: file.tls,
        settled,
        now,
    })
}

impl AgentFile {
    /// Makes its paths whole.
    fn settle(&mut self, folder: &Path) {
        let whole = |path: &mut PathBuf| *path = folder.join(&*path);
        whole(&mut self.data);
        self.token_file.iter_mut().for_each(whole);
        if let Some(tls) = &mut self.tls {
            whole(&mut tls.cert);
            whole(&mut tls.key);
            tls.client_ca.iter_mut().for_each(whole);
        }
        if let Some(btrfs) = &mut self.btrfs {
            whole(&mut btrfs.root);
            btrfs.token_file.iter_mut().for_each(whole);
            btrfs.peer.token_file.iter_mut().for_each(whole);
        }
        if let Some(cdp) = &mut self.cdp {
            whole(&mut cdp.root);
            cdp.token_file.iter_mut().for_each(whole);
            cdp.peer.token_file.iter_mut().for_each(whole);
        }
        if let Some(ceph) = &mut self.ceph {
            whole(&mut ceph.conf);
            whole(&mut ceph.state);
            let more = [&mut ceph.keyring, &mut ceph.peer_conf, &mut ceph.peer_keyring];
            more.into_iter().flatten().for_each(whole);
        }
        if let Some(power) = &mut self.redfish {
            power.paths().for_each(whole);
        }
        if let Some(tls) = &mut self.libvirt.tls {
            [&mut tls.ca, &mut tls.cert, &mut tls.key].into_iter().for_each(whole);
        }
    }
}
