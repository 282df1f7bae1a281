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
//! btrfs: {…}
//! ```

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_adapter_btrfs::{Btrfs, Config as BtrfsConfig};
use muster_adapter_libvirt::{Libvirt, LibvirtConfig};
use muster_adapter_remote::serve::TlsFiles;
use muster_contract::{
    Capabilities, FenceLevel, OpId, OperationKind, PROTOCOL_VERSION, VolumeAdapter,
};
use muster_plans::finding::Finding;
use muster_plans::id::SiteName;
use muster_plans::source::SourceFile;
use serde::Deserialize;

use super::serve::Work;
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
    btrfs: BtrfsConfig,
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
    #[error("btrfs: {0}")]
    Storage(String),
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
    let storage = Btrfs::open(file.btrfs, file.site.clone(), now.clone())
        .await
        .map_err(|error| ConfigError::Storage(error.to_string()))?;
    let volumes: Arc<dyn VolumeAdapter> = storage.clone();
    let libvirt = Arc::new(Libvirt::new(file.site.clone(), file.libvirt, volumes, now.clone())?);
    let products = Products {
        capabilities: capabilities(file.site),
        storage: storage.clone(),
        hypervisor: libvirt.clone(),
        fencing: storage.clone(),
        neighbours: file.links,
        now: now.clone(),
    };
    let listener =
        storage.listen().await.map_err(|error| ConfigError::Storage(error.to_string()))?;
    let replicates: Work = Box::new(move |mut stop| {
        Box::pin(async move {
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            if let Err(error) = storage.run(listener, stopped).await {
                tracing::error!(%error, "replication has stopped");
            }
        })
    });
    let keeps: Work = Box::new(move |mut stop| {
        Box::pin(async move { libvirt.run(async move { drop(stop.wait_for(|s| *s).await) }).await })
    });
    Ok(AgentOptions {
        backend: Arc::new(compose(products)),
        work: vec![replicates, keeps],
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
        whole(&mut self.btrfs.root);
        self.btrfs.token_file.iter_mut().for_each(whole);
        self.btrfs.peer.token_file.iter_mut().for_each(whole);
        if let Some(tls) = &mut self.libvirt.tls {
            [&mut tls.ca, &mut tls.cert, &mut tls.key].into_iter().for_each(whole);
        }
    }
}

/// What libvirt and btrfs can do. Neither knows tokens: the agent before them does.
fn capabilities(site: SiteName) -> Capabilities {
    // Files that only one site writes cannot follow a VM that runs.
    const MISSING: [OperationKind; 4] = [
        OperationKind::SetPreference,
        OperationKind::Migrate,
        OperationKind::WakeHost,
        OperationKind::PowerOffHost,
    ];
    let can = OperationKind::ALL.into_iter().filter(|kind| !MISSING.contains(kind));
    let operations: BTreeMap<OperationKind, FenceLevel> =
        can.map(|kind| (kind, FenceLevel::None)).collect();
    Capabilities {
        protocol: PROTOCOL_VERSION,
        site,
        product: "libvirt, btrfs".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operations,
        methods: Vec::new(),
        stretched_rtt_ms: (0.0, 0.0),
    }
}
