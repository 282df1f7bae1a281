//! The agent over the network, as `muster agent` runs it.

use std::net::SocketAddr;

use muster_adapter_remote::client::{RemoteOptions, RemoteSite};
use muster_adapter_remote::serve::{ServeOptions, router};
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
        serve(agent, front, Some("s3cret".to_owned()), shutdown).await.unwrap();
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
    let options = AgentOptions {
        site: "paris".into(),
        backend: "http://127.0.0.1:1".to_owned(),
        backend_token: None,
        data: bench.folder.path().to_owned(),
        listen: "0.0.0.0:0".parse().unwrap(),
        token: None,
        settled: Vec::new(),
        now: clock(NOON),
    };
    let open = run(options.clone(), std::future::pending()).await.unwrap_err();
    assert!(matches!(open, AgentError::Open(_)), "{open}");
    let options = AgentOptions { listen: "127.0.0.1:0".parse().unwrap(), ..options };
    assert!(run(options.clone(), std::future::ready(())).await.is_ok());
    let nowhere = AgentOptions { backend: "paris".to_owned(), ..options };
    let error = run(nowhere, std::future::ready(())).await.unwrap_err();
    assert!(matches!(error, AgentError::Backend(_)), "{error}");
}
