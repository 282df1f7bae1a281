//! `muster agent`: an agent on the network, in front of products or of a backend that is reached over the
//! network.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use muster_adapter_remote::client::Now;
use muster_adapter_remote::serve::{self as protocol, ServeOptions, TlsError, TlsFiles};
use muster_contract::{OpId, SiteAdapter};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{Agent, LedgerError, Settings};

/// What `muster agent` is told.
pub struct AgentOptions {
    /// What it stands before.
    pub backend: Arc<dyn SiteAdapter>,
    /// What its products do besides, for as long as it runs.
    pub work: Vec<Work>,
    /// The agent's own folder.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Bearer token that it asks for.
    pub token: Option<String>,
    /// Certificates that it shows and asks for.
    pub tls: Option<TlsFiles>,
    /// Operations that the backend cannot tell of, and that are over on a person's word.
    pub settled: Vec<OpId>,
    /// Time.
    pub now: Now,
}

/// Something that is done until it is told to stop.
pub type Work = Box<dyn FnOnce(watch::Receiver<bool>) -> BoxFuture<'static, ()> + Send>;

/// Why an agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Anybody on the network could act.
    #[error(
        "{0} can be reached from other machines: give the agent a token (--token-file), or let it ask for \
         certificates (`tls` with `clientCa`)"
    )]
    Open(SocketAddr),
    /// Its certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
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
    let asks = options.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if options.token.is_none() && !asks && !address.ip().is_loopback() {
        return Err(AgentError::Open(address));
    }
    let tls = options.tls.as_ref().map(TlsFiles::acceptor).transpose()?;
    let agent = Agent::open(Settings::new(options.data, options.now), options.backend)?;
    for id in options.settled {
        let open = agent.settled(id).await?;
        tracing::warn!(op.id = %id, open, "a person says that an operation is over");
    }
    let listener =
        TcpListener::bind(address).await.map_err(|cause| AgentError::Listen { address, cause })?;
    let (stop, stopped) = watch::channel(false);
    let mut work = JoinSet::new();
    for begin in options.work {
        work.spawn(begin(stopped.clone()));
    }
    let served = serve(agent, listener, options.token, tls, shutdown).await;
    // Whoever does it may have gone already.
    let _ = stop.send(true);
    while work.join_next().await.is_some() {}
    served.map_err(AgentError::Serve)
}

/// Serves an agent on a listener until `shutdown` resolves, and lets what is under way end.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    agent: Agent,
    listener: TcpListener,
    token: Option<String>,
    tls: Option<TlsAcceptor>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(site.name = %agent.inner.site, %address, "the site agent listens");
    }
    let now = Some(Arc::clone(&agent.inner.settings.now));
    let router = protocol::router(Arc::new(agent.clone()), ServeOptions { token, now });
    protocol::run(listener, tls, router, shutdown).await?;
    agent.drain().await;
    Ok(())
}
