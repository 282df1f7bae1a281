//! The server side: any [`SiteAdapter`] on the network.

mod caller;
mod extract;
mod handlers;
mod listen;
mod routes;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use muster_contract::SiteAdapter;
use muster_plans::id::SiteName;
use tokio_rustls::TlsAcceptor;

use crate::client::Now;
use crate::problem::{Code, Problem};
use crate::tasks::Tasks;
use crate::wire::ROOT;

use listen::TlsListener;
pub use tls::{TlsError, TlsFiles};

pub(crate) use routes::{Body, Endpoint, endpoints};

/// How a site is served.
#[derive(Clone, Default)]
pub struct ServeOptions {
    /// Every request but `GET /health` must carry it as a bearer token. `None`: nobody is asked,
    /// which is for loopback only.
    pub token: Option<String>,
    /// What time it is for the site, so that a deadline counts from when an operation came in. `None`:
    /// it is taken as it is, which is for callers that live by the same clock.
    pub now: Option<Now>,
}

/// What every handler has.
#[derive(Clone)]
pub(crate) struct Shared {
    sites: Arc<Sites>,
    token: Option<Arc<str>>,
    now: Option<Now>,
    tasks: Arc<Tasks>,
}

enum Sites {
    One(Arc<dyn SiteAdapter>),
    Many(BTreeMap<SiteName, Arc<dyn SiteAdapter>>),
}

/// Serves one site below `/adapter/v1`.
///
/// A mutation runs to its end also where the connection breaks: who asks again with the same
/// operation id finds it under way or ended.
pub fn router(site: Arc<dyn SiteAdapter>, options: ServeOptions) -> Router {
    mounted(Sites::One(site), options, ROOT)
}

/// Serves many sites, each below `/sites/{site}/adapter/v1`.
pub fn router_many(
    sites: BTreeMap<SiteName, Arc<dyn SiteAdapter>>,
    options: ServeOptions,
) -> Router {
    mounted(Sites::Many(sites), options, &format!("/sites/{{site}}{ROOT}"))
}

fn mounted(sites: Sites, options: ServeOptions, root: &str) -> Router {
    let shared = Shared {
        sites: Arc::new(sites),
        token: options.token.map(Arc::from),
        now: options.now,
        tasks: Arc::default(),
    };
    let mut router = Router::new();
    for Endpoint { path, handler, .. } in endpoints() {
        router = router.route(&format!("{root}{path}"), handler);
    }
    router.fallback(no_such_path).method_not_allowed_fallback(other_method).with_state(shared)
}

async fn no_such_path(uri: axum::http::Uri) -> Problem {
    Problem::new(
        Code::NoSuchPath,
        format!("`{}` is not a path of the adapter protocol; it begins at {ROOT}", uri.path()),
    )
}

async fn other_method(method: axum::http::Method, uri: axum::http::Uri) -> Problem {
    Problem::new(Code::Method, format!("`{}` does not answer {method}", uri.path()))
}

/// How long a stop waits for requests that are being answered.
const STOP: Duration = Duration::from_secs(10);

/// Serves a router on a listener, with TLS where there is an acceptor, until `shutdown` resolves; then lets running requests end, for ten
/// seconds at most.
///
/// # Errors
/// Where the listener fails.
pub async fn run(
    listener: tokio::net::TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    match tls {
        Some(tls) => over(TlsListener::new(listener, tls), router, shutdown).await,
        None => over(listener, router, shutdown).await,
    }
}

async fn over<L: axum::serve::Listener<Addr: std::fmt::Debug>>(
    listener: L,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        let _ = stopping.send(());
    });
    let overdue = async {
        if stopped.await.is_ok() {
            tokio::time::sleep(STOP).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = graceful => ended,
        () = overdue => Ok(()),
    }
}
