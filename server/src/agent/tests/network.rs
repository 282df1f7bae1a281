//! The agent over the network, as `muster agent` runs it.

use std::net::SocketAddr;

use muster_adapter_remote::client::{RemoteOptions, RemoteSite};
use muster_adapter_remote::serve::{ServeOptions, TlsFiles, router};
use muster_contract::{OpStatus, SiteAdapter};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::agent::{AgentError, AgentOptions, run, serve};

async fn free() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn remote(address: SocketAddr, token: &str) -> RemoteSite {
    let mut options = RemoteOptions::new(clock(NOON));
    options.token = Some(token.to_owned());
    RemoteSite::new("paris".into(), &format!("http://{address}"), options).unwrap()
}

#[tokio::test]
async fn client_agent_and_backend_in_three_processes() {
    let bench = Bench::new();
    let (behind, backend) = free().await;
    let (front, address) = free().await;
    let mut tasks = JoinSet::new();
    let behind_router = router(bench.backend.clone(), ServeOptions::default());
    tasks.spawn(async move { axum::serve(behind, behind_router).await.unwrap() });
    let remote_backend = RemoteSite::new(
        "paris".into(),
        &format!("http://{backend}"),
        RemoteOptions::new(clock(NOON)),
    );
    let settings = Settings::new(bench.folder.path().to_owned(), clock(NOON));
    let agent = Agent::open(settings, Arc::new(remote_backend.unwrap())).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    tasks.spawn(async move {
        let shutdown = async move {
            let _ = stopped.await;
        };
        serve(agent, front, Some("s3cret".to_owned()), None, shutdown).await.unwrap();
    });
    let site = remote(address, "s3cret");
    assert_eq!(site.execute(&ctx(1), &bubble("b-1")).await, done());
    assert_eq!(site.execute(&ctx(1), &bubble("b-1")).await, done());
    assert_eq!(site.operation(&id(1)).await, Ok(OpStatus::Ended(done())));
    assert_eq!(site.raise_fence(&group("erp"), token(9)).await, Outcome::Done(token(9)));
    assert!(refusal(site.execute(&ctx(2), &bubble("b-2")).await).ends_with("1.1.9"));
    unknown(remote(address, "guess").execute(&ctx(3), &bubble("b-3")).await);
    assert_eq!(bench.effects(), ["bubble/b-1"]);
    stop.send(()).unwrap();
    while !tasks.is_empty() && bench.try_agent().is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_listens_to_all_the_world_without_a_token() {
    let bench = Bench::new();
    let options = |listen: &str| AgentOptions {
        backend: bench.backend.clone(),
        work: Vec::new(),
        data: bench.folder.path().to_owned(),
        listen: listen.parse().unwrap(),
        token: None,
        tls: None,
        settled: Vec::new(),
        now: clock(NOON),
    };
    let open = run(options("0.0.0.0:0"), std::future::pending()).await.unwrap_err();
    assert!(matches!(open, AgentError::Open(_)), "{open}");
    assert!(run(options("127.0.0.1:0"), std::future::ready(())).await.is_ok());
}

/// Certificates of one authority: the agent shows one, and takes those that show one.
#[tokio::test]
async fn whoever_shows_no_certificate_of_ours_is_turned_away() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (ours, strangers) = (Authority::new(), Authority::new());
    let (cert, key) = ours.sign("127.0.0.1");
    let tls = TlsFiles {
        cert: put("agent.crt", cert),
        key: put("agent.key", key),
        client_ca: Some(put("ca.crt", ours.pem())),
        client_names: None,
    };
    let settings = Settings::new(bench.folder.path().to_owned(), clock(NOON));
    let agent = Agent::open(settings, bench.backend.clone()).unwrap();
    let (listener, address) = free().await;
    let acceptor = tls.acceptor().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let shutdown = async move {
            let _ = stopped.await;
        };
        serve(agent, listener, None, Some(acceptor), shutdown).await.unwrap();
    });
    let by = |identity: Option<(String, String)>, scheme: &str| {
        let mut options = RemoteOptions::new(clock(NOON));
        options.ca_pem = Some(ours.pem().into_bytes());
        options.identity_pem = identity.map(|(cert, key)| format!("{cert}{key}").into_bytes());
        RemoteSite::new("paris".into(), &format!("{scheme}://{address}"), options).unwrap()
    };
    // One that connects and says nothing keeps nobody waiting.
    let silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let known = by(Some(ours.sign("muster")), "https");
    assert_eq!(known.capabilities().await.unwrap().site.as_str(), "paris");
    assert_eq!(known.execute(&ctx(1), &bubble("b-1")).await, done());
    for turned_away in
        [by(None, "https"), by(Some(strangers.sign("muster")), "https"), by(None, "http")]
    {
        assert!(turned_away.capabilities().await.is_err());
        unknown(turned_away.execute(&ctx(2), &bubble("b-2")).await);
    }
    assert_eq!(bench.effects(), ["bubble/b-1"]);
    drop(silent);
    stop.send(()).unwrap();
}

struct Authority(rcgen::CertifiedIssuer<'static, rcgen::KeyPair>);

impl Authority {
    fn new() -> Authority {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        Authority(rcgen::CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key of somebody.
    fn sign(&self, name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}
