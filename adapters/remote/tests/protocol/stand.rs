//! A simulated world on the network that can be killed and started again, and a hand on all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use muster_adapter_remote::client::{Now, RemoteOptions, RemoteSite};
use muster_adapter_remote::line::BentLine;
use muster_adapter_remote::serve::{ServeOptions, router_many};
use muster_adapter_sim::{
    Calls, Command, Console, Settings, Sim, SimClock, SimHand, TokioClock, Truth, WorldSpec,
};
use muster_contract::SiteAdapter;
use muster_contract::kit::{Hand, Hands, Hook, Probe};
use muster_plans::id::{RunId, SiteName};
use tokio::runtime::Runtime;

use crate::common::NOON;

/// What everybody has to show, and nobody may hear.
pub(crate) const TOKEN: &str = "c4nary-in-the-mine";

/// Puts something in front of the site under test, in the life of the process that this is.
pub(crate) type Front =
    Box<dyn Fn(Arc<dyn SiteAdapter>, u32) -> Arc<dyn SiteAdapter> + Send + Sync>;

/// A process, as far as a test can have one: ending its runtime ends everything in the middle, and
/// its world begins anew from the file.
#[derive(Clone)]
pub(crate) struct Stand {
    inner: Arc<Inner>,
}

struct Inner {
    file: PathBuf,
    spec: WorldSpec,
    clock: Arc<TokioClock>,
    address: std::net::SocketAddr,
    front: Front,
    life: AtomicU32,
    runs: Mutex<Option<(Sim, Runtime)>>,
    _folder: tempfile::TempDir,
}

impl Stand {
    /// A world in which things take a fortieth of their time. The site under test is `lyon`; of 400
    /// VMs it has more than a thousand objects.
    pub(crate) fn start(vms: u32, front: Front) -> Stand {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { speed: 40.0, ..Settings::default() };
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let inner = Inner {
            file: folder.path().join("world"),
            spec: WorldSpec::demo(vms, 7).with_settings(settings),
            clock: Arc::new(TokioClock::new(NOON)),
            address: taken.local_addr().unwrap(),
            front,
            life: AtomicU32::new(0),
            runs: Mutex::new(None),
            _folder: folder,
        };
        drop(taken);
        let stand = Stand { inner: Arc::new(inner) };
        stand.launch();
        stand
    }

    fn sim(&self) -> Sim {
        self.inner.runs.lock().unwrap().as_ref().unwrap().0.clone()
    }

    fn launch(&self) {
        let inner = &self.inner;
        let life = inner.life.fetch_add(1, Ordering::SeqCst);
        let sim = Sim::open(&inner.file, &inner.spec, inner.clock.clone()).unwrap();
        let sites = sim.sites().into_iter().map(|name| {
            let site = sim.site(&name).unwrap();
            let site = if name.as_str() == "lyon" { (inner.front)(site, life) } else { site };
            (name, site)
        });
        let sites: BTreeMap<SiteName, Arc<dyn SiteAdapter>> = sites.collect();
        let router: Router =
            router_many(sites, ServeOptions { token: Some(TOKEN.to_owned()), now: None });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = std::net::TcpListener::bind(inner.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        runtime.handle().spawn(async move { axum::serve(listener, router).await.unwrap() });
        drop(entered);
        *inner.runs.lock().unwrap() = Some((sim, runtime));
    }

    /// Ends it without a word and starts it again.
    fn kill_and_launch(&self) {
        let (_, runtime) = self.inner.runs.lock().unwrap().take().unwrap();
        // Returns when nothing of it runs any more, so that one world writes the file at a time.
        runtime.shutdown_timeout(std::time::Duration::from_secs(10));
        self.launch();
    }

    fn now(&self) -> Now {
        let clock = self.inner.clock.clone();
        Arc::new(move || clock.now())
    }

    fn address(&self, site: &str) -> String {
        format!("http://{}/sites/{site}", self.inner.address)
    }

    fn options(&self) -> RemoteOptions {
        RemoteOptions { token: Some(TOKEN.to_owned()), ..RemoteOptions::new(self.now()) }
    }

    pub(crate) fn remote(&self, site: &str) -> RemoteSite {
        RemoteSite::new(site.into(), &self.address(site), self.options()).unwrap()
    }

    /// With a hand that has every hook but the log; the line is bent as `line` makes it.
    pub(crate) async fn probe(&self, run: RunId, bent: fn(BentLine) -> Arc<dyn Hand>) -> Probe {
        let site = SiteName::from("lyon");
        let line = BentLine::new(site.clone(), &self.address("lyon"), self.options()).unwrap();
        let backend = SimHand::new(self.clone(), site);
        let peer = Arc::new(self.remote("paris"));
        let backend = backend.lending(&self.remote("lyon"), peer).await.unwrap();
        let hands = Hands(vec![bent(line), Arc::new(backend), Arc::new(self.clone())]);
        let mut probe = Probe::new(self.now(), run);
        probe.patience = muster_plans::time::Span::secs(15);
        probe.secrets = vec![TOKEN.to_owned()];
        probe.hand = Some(Arc::new(hands));
        probe
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some((_, runtime)) = self.runs.lock().unwrap().take() {
            runtime.shutdown_background();
        }
    }
}

#[async_trait]
impl Console for Stand {
    async fn control(&self, command: Command) -> Result<(), String> {
        Console::control(&self.sim(), command).await
    }

    async fn truth(&self) -> Result<Truth, String> {
        Console::truth(&self.sim()).await
    }

    async fn calls(&self) -> Result<Calls, String> {
        Console::calls(&self.sim()).await
    }
}

#[async_trait]
impl Hand for Stand {
    fn hooks(&self) -> BTreeSet<Hook> {
        BTreeSet::from([Hook::Restart])
    }

    async fn restart(&self) -> Result<(), String> {
        let stand = self.clone();
        let done = tokio::task::spawn_blocking(move || stand.kill_and_launch()).await;
        done.map_err(|error| error.to_string())
    }
}
