//! What needs no server: OpenAPI, completion, site agents; and the runtime.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use muster_adapter_remote::client::{RemoteOptions, RemoteSite};
use muster_contract::OpId;
use muster_engine::Clock;
use muster_plans::id::SiteName;

use super::exit::Exit;
use super::{Cli, output};

/// Makes ring the one TLS provider of this process.
pub(crate) fn install_crypto() {
    // Fails only where one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Runs a command that needs the network.
///
/// # Errors
/// Those of the command, or where no runtime can be started.
pub(crate) fn in_runtime(
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

/// `muster openapi`.
///
/// # Errors
/// Where the document has no JSON form.
pub(crate) fn print_openapi() -> anyhow::Result<Exit> {
    output::json(&crate::api::openapi())?;
    Ok(Exit::Done)
}

/// `muster completion`.
///
/// # Errors
/// None.
pub(crate) fn print_completion(shell: Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "muster", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}

/// Run a site agent: it alone holds its site's secrets, serialises mutations per object, and keeps
/// the highest fencing token and the results by operation id on its own disk.
#[derive(Debug, Args)]
pub(crate) struct AgentArgs {
    /// File that says all of it: the site, its hosts and its storage (see `adapters/README.md`).
    #[arg(long, conflicts_with_all = ["site", "backend", "backend_token_file", "data", "listen", "token_file"])]
    config: Option<PathBuf>,
    /// The site.
    #[arg(long, required_unless_present = "config")]
    site: Option<SiteName>,
    /// Address of the backend that it stands before: anything that speaks the adapter protocol.
    #[arg(long, required_unless_present = "config")]
    backend: Option<String>,
    /// File with the token that the backend asks for.
    #[arg(long)]
    backend_token_file: Option<PathBuf>,
    /// Folder for tokens and results; keep it over restarts.
    #[arg(long, required_unless_present = "config")]
    data: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:7900")]
    listen: SocketAddr,
    /// File with the token that servers must show. Needed on anything but loopback.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// An operation that went to the backend, that the backend cannot tell of, and of which you have
    /// made sure there that nothing is left to be done: RUN/STEP/ATTEMPT. Its object and the fences
    /// wait for it no more. What it did stays unknown. Can be given more than once.
    #[arg(long, value_name = "OPERATION")]
    settled: Vec<OpId>,
}

/// A secret from a file.
pub(super) fn secret_of(path: Option<&std::path::Path>) -> anyhow::Result<Option<String>> {
    let Some(path) = path else { return Ok(None) };
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(
        !text.trim().is_empty(),
        "{} is empty, and would guard nothing",
        path.display()
    );
    Ok(Some(text.trim().to_owned()))
}

impl AgentArgs {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        crate::logging::install();
        let clock = crate::clock::SystemClock::start();
        let now: crate::agent::Now = std::sync::Arc::new(move || clock.now());
        let options = match (self.config, self.site, self.backend, self.data) {
            (Some(file), ..) => crate::agent::options(&file, self.settled, now).await?,
            (None, Some(site), Some(backend), Some(data)) => {
                let mut remote = RemoteOptions::new(now.clone());
                remote.token = secret_of(self.backend_token_file.as_deref())?;
                let backend = RemoteSite::new(site, &backend, remote)
                    .context("the backend cannot be used")?;
                crate::agent::AgentOptions {
                    backend: std::sync::Arc::new(backend),
                    work: Vec::new(),
                    data,
                    listen: self.listen,
                    token: secret_of(self.token_file.as_deref())?,
                    tls: None,
                    settled: self.settled,
                    now,
                }
            }
            _ => anyhow::bail!("--config, or --site, --backend and --data, are needed"),
        };
        crate::agent::run(options, crate::server::interrupted()).await?;
        Ok(Exit::Done)
    }
}
