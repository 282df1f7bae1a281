//! Puts the server together, starts it, stops it.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use muster_engine::{Engine, Limits, Ports};
use muster_plans::inventory::SiteInventory;
use muster_store::Store;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, RwLock};

use crate::app::App;
pub use crate::app::Options;
use crate::auth::{Auth, FirstUser};
use crate::callout::Registry;
use crate::clock::SystemClock;
use crate::http::Gate;
use crate::landscape::Current;
use crate::sim::SimClient;
use crate::sites::SiteRegistry;
use crate::tasks::{self, Tasks};
use crate::{ids, ops};

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    /// Everything in it.
    pub app: Arc<App>,
    /// Where it answers.
    pub url: String,
    /// The administrator that the first start made.
    pub first_user: Option<FirstUser>,
    listening: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: Arc<Notify>,
}

/// Opens the data, goes on with what was left behind, and listens.
///
/// # Errors
/// Where the database cannot be used or the address is taken.
pub async fn start(options: Options) -> anyhow::Result<Server> {
    make_private(&options.data)?;
    let clock = Arc::new(SystemClock::start());
    let database = options.data.join("muster.db");
    let store = Store::open(&database.display().to_string(), muster_store::Options::default())
        .await
        .with_context(|| format!("cannot use the database {}", database.display()))?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let callouts = Arc::new(Registry::read(&options.data.join("callouts.json"))?);
    let sites = Arc::new(SiteRegistry::default());
    let engine = engine(&store, &sites, &callouts, &clock);
    let reached = options.public_url.as_ref().map_or_else(|| url.clone(), ToString::to_string);
    let (auth, first_user) = Auth::open(store.clone(), clock.clone(), &reached).await?;
    let sim = options.sim_url.as_deref().map(SimClient::new).transpose()?;
    let app = Arc::new(App {
        options,
        store,
        engine,
        clock,
        sites,
        current: Current::default(),
        auth,
        callouts,
        outlooks: ops::Outlooks::default(),
        sim,
        tasks: Tasks::default(),
        look_again: Notify::new(),
        starting: Mutex::new(()),
        reading: RwLock::new(()),
        rounds: AtomicU64::new(0),
    });
    // Requests of the last process that had no effect will be answered by nobody.
    app.store.requests().forget_abandoned().await?;
    recall(&app).await?;
    ops::load_documents(&app).await.context("the documents cannot be read")?;
    app.tasks.spawn("runs", tasks::runs::run(Arc::clone(&app)));
    app.tasks.spawn("inventory", tasks::inventory::run(Arc::clone(&app)));
    let gate = crate::routes::gate(&app.auth, app.options.public_url.clone());
    app.tasks.spawn("upkeep", tasks::upkeep::run(Arc::clone(&app), gate.clone()));
    if ops::on_hold(&app) {
        tracing::error!("the database was restored: the server holds until somebody releases it");
    }
    let stop = Arc::new(Notify::new());
    let listening = listen(&app, &gate, listener, Arc::clone(&stop))?;
    Ok(Server { app, url, first_user, listening, stop })
}

fn engine(
    store: &Store,
    sites: &Arc<SiteRegistry>,
    callouts: &Arc<Registry>,
    clock: &Arc<SystemClock>,
) -> Engine {
    let incarnation = store.incarnation();
    let store = Arc::new(store.clone());
    let ports = Ports {
        journal: Arc::clone(&store) as _,
        leases: store,
        sites: Arc::clone(sites) as _,
        callouts: Arc::clone(callouts) as _,
        clock: Arc::clone(clock) as _,
    };
    Engine::new(ports, ids::owner_id(), incarnation, Limits::default())
}

/// Brings back what each site looked like last, so that plans can be compiled before, or without,
/// an answer of theirs.
async fn recall(app: &App) -> anyhow::Result<()> {
    let (_, documents) = ops::documents_of(app).await?;
    let config = muster_plans::config::Config::from_documents(documents);
    let mut known: Vec<SiteInventory> = Vec::new();
    for site in config.sites.keys() {
        if let Some(snapshot) = app.store.inventories().get(site).await? {
            known.extend(serde_json::from_str::<SiteInventory>(&snapshot.json).ok());
        }
    }
    app.current.change(|landscape| {
        landscape.config = config;
        for site in known {
            landscape.inventory.sites.insert(site.site.clone(), site);
        }
    });
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "its handle is kept and awaited by the server")]
fn listen(
    app: &Arc<App>,
    gate: &Gate,
    listener: TcpListener,
    stop: Arc<Notify>,
) -> anyhow::Result<tokio::task::JoinHandle<std::io::Result<()>>> {
    let router = crate::routes::router(Arc::clone(app), gate)?;
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    Ok(tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async move { stop.notified().await })
            .await
    }))
}

impl Server {
    /// Says where it answers and how to sign in.
    pub fn announce(&self) {
        let say = crate::cli::say;
        say(&format!("Muster answers at {}", self.url));
        if let Some(public) = &self.app.options.public_url {
            say(&format!("browsers reach it at {public}"));
        }
        if let Some(first) = &self.first_user {
            say(&format!(
                "first start: sign in as {} with the password {}",
                first.name, first.password
            ));
            say("it is not shown again; at the first sign-in you choose your own");
        }
        if let Err(hold) = ops::not_on_hold(&self.app) {
            say(&format!("ON HOLD: {}; {}", hold.detail, hold.help));
        }
    }

    /// Runs until told to stop; runs that are under way go on at the next start.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn until(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let mut listening = self.listening;
        tokio::select! {
            ended = &mut listening => ended??,
            () = stop => {}
        }
        self.stop.notify_waiters();
        self.app.engine.shutdown().await;
        self.app.tasks.stop().await;
        listening.abort();
        // Renews the mark: a backup that was made while the server ran is known as one afterwards.
        self.app
            .store
            .clone()
            .close()
            .await
            .context("the database was not closed in good order")?;
        Ok(())
    }
}

/// Ctrl-C or SIGTERM.
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Makes a folder that only its owner can read.
///
/// # Errors
/// Where it cannot be made.
pub fn make_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}
