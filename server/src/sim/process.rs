//! `muster sim --listen …`: one world, served over the adapter protocol, its state in a file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use muster_adapter_remote::client::Now;
use muster_adapter_remote::serve::{ServeOptions, router_many};
use muster_adapter_sim::{Sim, SimClock, WorldSpec};
use muster_contract::SiteAdapter;
use muster_engine::Clock;
use muster_plans::id::SiteName;
use muster_plans::time::{Span, Time};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::control::{self, Control};
use crate::clock::SystemClock;

/// How long a world without its parent waits for somebody who asks.
const LINGER: Duration = Duration::from_secs(300);

/// How a world is run.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Its file; made from the description where it is not there.
    pub state: PathBuf,
    /// A description to make it from.
    pub world: Option<PathBuf>,
    /// VMs of the demo's world, where there is no description.
    pub vms: u32,
    /// Its seed.
    pub seed: u64,
    /// How much faster than real time things take their time.
    pub speed: f64,
    /// File into which the address is written.
    pub announce: Option<PathBuf>,
    /// Ends some time after standard input was closed.
    pub linger: bool,
}

/// The world's clock is the machine's: deadlines and ages are compared with it.
pub(super) struct WorldClock(pub(super) SystemClock);

#[async_trait::async_trait]
impl SimClock for WorldClock {
    fn now(&self) -> Time {
        self.0.now()
    }

    async fn sleep(&self, span: Span) {
        self.0.sleep(span).await;
    }
}

/// Runs a world until it is stopped.
///
/// # Errors
/// Where its file cannot be used or the address is taken.
pub async fn run(options: WorldOptions) -> anyhow::Result<()> {
    let clock = SystemClock::start();
    let spec = spec(&options)?;
    let sim = Arc::new(
        Sim::open(&options.state, &spec, Arc::new(WorldClock(clock.clone())))
            .with_context(|| format!("cannot use the world in {}", options.state.display()))?,
    );
    let stop = Arc::new(Notify::new());
    let asked = Arc::new(AtomicU64::new(0));
    let now: Now = Arc::new(move || clock.now());
    let router =
        router(&sim, &stop, Some(now)).layer(from_fn_with_state(Arc::clone(&asked), count));
    let listener = TcpListener::bind(options.listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    match &options.announce {
        Some(path) => announce(path, &url)?,
        None => crate::cli::say(&format!("the world answers at {url}")),
    }
    let linger = options.linger;
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            tokio::select! {
                () = stop.notified() => {}
                () = crate::server::interrupted() => {}
                () = abandoned(&asked), if linger => {}
            }
        })
        .await?;
    Ok(())
}

/// A world's sites, and how it is broken, healed and examined.
pub(super) fn router(sim: &Arc<Sim>, stop: &Arc<Notify>, now: Option<Now>) -> Router {
    let sites: BTreeMap<SiteName, Arc<dyn SiteAdapter>> =
        sim.sites().into_iter().filter_map(|name| Some((name.clone(), sim.site(&name)?))).collect();
    let control = Control { sim: Arc::clone(sim), stop: Arc::clone(stop) };
    router_many(sites, ServeOptions { token: None, now }).merge(control::router(control))
}

fn spec(options: &WorldOptions) -> anyhow::Result<WorldSpec> {
    let mut spec = match &options.world {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} describes no world", path.display()))?
        }
        None => WorldSpec::demo(options.vms, options.seed),
    };
    spec.settings.speed = options.speed;
    Ok(spec)
}

/// Written in one piece: whoever waits for it never reads half of it.
fn announce(path: &std::path::Path, url: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, url)?;
    Ok(std::fs::rename(&draft, path)?)
}

async fn count(State(asked): State<Arc<AtomicU64>>, request: Request, next: Next) -> Response {
    asked.fetch_add(1, Ordering::Relaxed);
    next.run(request).await
}

/// The parent is gone, and nobody has asked anything for a while. A server that is started again over
/// the same folder asks all the time.
async fn abandoned(asked: &AtomicU64) {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0_u8; 64];
    while matches!(stdin.read(&mut buffer).await, Ok(n) if n > 0) {}
    loop {
        let before = asked.load(Ordering::Relaxed);
        tokio::time::sleep(LINGER).await;
        if asked.load(Ordering::Relaxed) == before {
            return;
        }
    }
}
