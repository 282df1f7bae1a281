//! `muster agent`: an agent on the network, in front of a backend that is reached over the network.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use muster_adapter_remote::client::{Now, RemoteError, RemoteOptions, RemoteSite};
use muster_adapter_remote::serve::{self as protocol, ServeOptions};
use muster_contract::OpId;
use muster_plans::id::SiteName;
use tokio::net::TcpListener;

use super::{Agent, LedgerError, Settings};

/// What `muster agent` is told.
#[derive(Clone)]
pub struct AgentOptions {
    /// The site.
    pub site: SiteName,
    /// Address of the backend, which speaks the adapter protocol.
    pub backend: String,
    /// Bearer token for the backend.
    pub backend_token: Option<String>,
    /// The agent's own folder.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Bearer token that it asks for.
    pub token: Option<String>,
    /// Operations that the backend cannot tell of, and that are over on a person's word.
    pub settled: Vec<OpId>,
    /// Time.
    pub now: Now,
}

/// Why an agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Anybody on the network could act.
    #[error("{0} can be reached from other machines: give the agent a token (--token-file)")]
    Open(SocketAddr),
    /// The backend's address.
    #[error("the backend cannot be used: {0}")]
    Backend(#[from] RemoteError),
    /// Its memory.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The network.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// The network, later.
    #[error("the listener failed: {0}")]
    Serve(std::io::Error),
}

/// Runs an agent until `shutdown` resolves, and lets what is under way end.
///
/// # Errors
/// [`AgentError`]; all but the last before anything was served.
pub async fn run(
    options: AgentOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), AgentError> {
    let address = options.listen;
    if options.token.is_none() && !address.ip().is_loopback() {
        return Err(AgentError::Open(address));
    }
    let mut remote = RemoteOptions::new(options.now.clone());
    remote.token = options.backend_token;
    let backend = RemoteSite::new(options.site, &options.backend, remote)?;
    let agent = Agent::open(Settings::new(options.data, options.now), Arc::new(backend))?;
    for id in options.settled {
        let open = agent.settled(id).await?;
        tracing::warn!(op.id = %id, open, "a person says that an operation is over");
    }
    let listener =
        TcpListener::bind(address).await.map_err(|cause| AgentError::Listen { address, cause })?;
    serve(agent, listener, options.token, shutdown).await.map_err(AgentError::Serve)
}

/// Serves an agent on a listener until `shutdown` resolves, and lets what is under way end.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    agent: Agent,
    listener: TcpListener,
    token: Option<String>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(site.name = %agent.inner.site, %address, "the site agent listens");
    }
    let now = Some(Arc::clone(&agent.inner.settings.now));
    let router = protocol::router(Arc::new(agent.clone()), ServeOptions { token, now });
    protocol::run(listener, router, shutdown).await?;
    agent.drain().await;
    Ok(())
}
