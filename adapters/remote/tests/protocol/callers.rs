//! Who may call over TLS: certificates, the names in them, and those that say nothing.

use std::path::PathBuf;
use std::time::Duration;

use muster_adapter_remote::client::{RemoteOptions, RemoteSite};
use muster_adapter_remote::serve::{ServeOptions, TlsFiles, router, run};
use muster_contract::SiteAdapter;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::common::{NOON, Scripted};

/// An agent that asks for certificates of an authority, and the authority.
struct Gate {
    authority: CertifiedIssuer<'static, KeyPair>,
    address: std::net::SocketAddr,
    _serves: JoinSet<()>,
    _folder: tempfile::TempDir,
}

/// Certificate and key with a name, and another one as common name.
fn sign(
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    common: &str,
) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, common);
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn files(folder: &tempfile::TempDir, authority: &CertifiedIssuer<'static, KeyPair>) -> TlsFiles {
    let put = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = sign(authority, "127.0.0.1", "agent");
    TlsFiles {
        cert: put("agent.crt", &cert),
        key: put("agent.key", &key),
        client_ca: Some(put("ca.crt", &authority.pem())),
        client_names: None,
    }
}

impl Gate {
    async fn open(names: Option<&[&str]>) -> Gate {
        let (authority, folder) = (authority(), tempfile::tempdir().unwrap());
        let mut tls = files(&folder, &authority);
        tls.client_names = names.map(|names| names.iter().map(ToString::to_string).collect());
        let acceptor = tls.acceptor().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = router(Scripted::new("paris"), ServeOptions::default());
        let mut serves = JoinSet::new();
        serves.spawn(async move {
            run(listener, Some(acceptor), site, std::future::pending()).await.unwrap();
        });
        Gate { authority, address, _serves: serves, _folder: folder }
    }

    fn caller(&self, name: &str, common: &str) -> RemoteSite {
        let (cert, key) = sign(&self.authority, name, common);
        let mut options = RemoteOptions::new(std::sync::Arc::new(|| NOON));
        options.ca_pem = Some(self.authority.pem().into_bytes());
        options.identity_pem = Some(format!("{cert}{key}").into_bytes());
        RemoteSite::new("paris".into(), &format!("https://{}", self.address), options).unwrap()
    }

    async fn takes(&self, name: &str, common: &str) -> bool {
        self.caller(name, common).capabilities().await.is_ok()
    }
}

#[tokio::test]
async fn only_who_is_named_may_call() {
    let gate = Gate::open(Some(&["muster", "b.muster.example", "10.0.9.9"])).await;
    for named in ["muster", "b.muster.example", "10.0.9.9", "*.muster.example"] {
        assert!(gate.takes(named, "x").await, "{named}");
    }
    for other in ["agent-b", "muster.example.org", "10.0.9.8", "not-muster"] {
        assert!(!gate.takes(other, "muster").await, "{other}");
    }
    // Nobody is named: whoever has a certificate.
    assert!(Gate::open(None).await.takes("agent-b", "x").await);
}

#[test]
fn names_that_nobody_asks_for_or_nobody_has_are_a_mistake() {
    let (authority, folder) = (authority(), tempfile::tempdir().unwrap());
    let good = files(&folder, &authority);
    let wrong = |tls: TlsFiles| tls.acceptor().err().unwrap().to_string();
    let named = |names: &[&str]| TlsFiles {
        client_names: Some(names.iter().map(ToString::to_string).collect()),
        ..good.clone()
    };
    assert!(wrong(named(&[])).contains("it names nobody"));
    assert!(wrong(named(&["a b"])).contains("clientNames"));
    let unasked = TlsFiles { client_ca: None, ..named(&["muster"]) };
    assert!(wrong(unasked).contains("without `clientCa`"));
    assert!(named(&["muster"]).acceptor().is_ok());
}

#[tokio::test]
async fn a_crowd_that_says_nothing_keeps_nobody_waiting() {
    let gate = Gate::open(None).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(gate.address).await.unwrap());
    }
    // Well before the time that each of them has is over.
    let answered = tokio::time::timeout(Duration::from_secs(3), gate.takes("muster", "x"));
    assert!(answered.await.unwrap());
    // Those that had to go were told so.
    let mut byte = [0];
    let ended = tokio::io::AsyncReadExt::read(&mut silent[0], &mut byte);
    let ended = tokio::time::timeout(Duration::from_secs(1), ended).await;
    assert!(matches!(ended, Ok(Ok(0) | Err(_))), "{ended:?}");
}
