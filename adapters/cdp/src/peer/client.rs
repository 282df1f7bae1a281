//! The one place where a connection to the other site is made.

use std::time::Duration;

use muster_adapter_pair::Report;
use muster_plans::id::ConsistencyGroupId;
use muster_plans::time::Span;
use reqwest::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    Answer, Beat, BeginMirror, Commit, Describes, DigestRequest, Hello, LIMIT, ROOT, Refusal,
    SyncRequest, TurnRequest,
};
use crate::config::{ConfigError, PeerConfig, token};
use crate::error::Error;
use muster_contract::name::check;

/// A site that is gone should be noticed soon: this is waited for in the middle of operations.
const CONNECT: Duration = Duration::from_secs(2);
/// A look through all processes is made before an answer comes.
const ANSWER: Duration = Duration::from_secs(20);
/// Folders are copied and images read through before the answer to this comes.
const WORK: Duration = Duration::from_secs(600);
/// A leg is put aside before the answer to this comes.
const TURN: Duration = Duration::from_secs(150);

/// Speaks to the other site's adapter.
pub(crate) struct Client {
    http: reqwest::Client,
    root: String,
    token: Option<String>,
}

impl Client {
    pub(crate) fn new(peer: &PeerConfig) -> Result<Client, ConfigError> {
        let wrong = || ConfigError::Url(peer.url.clone());
        let url = Url::parse(&peer.url).map_err(|_| wrong())?;
        let plain = url.scheme() == "http"
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(wrong());
        }
        // It wants a provider even where it never uses it; the first one that was installed stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT)
            .tcp_keepalive(Duration::from_secs(15))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| wrong())?;
        let root = format!("{}{ROOT}", peer.url.trim_end_matches('/'));
        let token = token(peer.token_file.as_deref())?;
        Ok(Client { http, root, token })
    }

    pub(crate) async fn hello(&self, hello: &Hello) -> Result<Answer, Error> {
        self.post("/hello", hello, ANSWER).await
    }

    pub(crate) async fn turn(
        &self,
        group: &ConsistencyGroupId,
        turn: &TurnRequest,
    ) -> Result<Report, Error> {
        self.post(&format!("/groups/{group}/turn"), turn, TURN).await
    }

    pub(crate) async fn sync(
        &self,
        group: &ConsistencyGroupId,
        sync: &SyncRequest,
    ) -> Result<Report, Error> {
        let limit = Duration::from_millis(sync.within);
        self.post(&format!("/groups/{group}/sync"), sync, limit).await
    }

    /// A point begins to come in.
    pub(crate) async fn begin(
        &self,
        group: &ConsistencyGroupId,
        describes: &Describes,
    ) -> Result<(), Error> {
        self.post(&format!("/groups/{group}/begin"), describes, WORK).await
    }

    pub(crate) async fn digests(
        &self,
        group: &ConsistencyGroupId,
        asked: &DigestRequest,
    ) -> Result<Vec<String>, Error> {
        self.post(&format!("/groups/{group}/digests"), asked, WORK).await
    }

    /// Nothing: a block of zeros.
    pub(crate) async fn block(
        &self,
        group: &ConsistencyGroupId,
        file: &str,
        nr: u64,
        describes: &Describes,
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        let path = format!("{}/groups/{group}/blocks/{}/{nr}", self.root, check(file)?);
        let header = serde_json::to_string(describes).map_err(nonsense)?;
        let request = self.http.put(path).header(super::serve::DESCRIBES, header).timeout(WORK);
        self.send(request.header(CONTENT_TYPE, "application/octet-stream").body(bytes)).await
    }

    pub(crate) async fn commit(
        &self,
        group: &ConsistencyGroupId,
        commit: &Commit,
    ) -> Result<Report, Error> {
        self.post(&format!("/groups/{group}/commit"), commit, WORK).await
    }

    pub(crate) async fn begin_mirror(
        &self,
        group: &ConsistencyGroupId,
        asked: &BeginMirror,
    ) -> Result<(), Error> {
        self.post(&format!("/groups/{group}/mirror"), asked, WORK).await
    }

    pub(crate) async fn beat(
        &self,
        group: &ConsistencyGroupId,
        beat: &Beat,
        patience: Span,
    ) -> Result<(), Error> {
        let limit = Duration::from_millis(patience.0);
        self.post(&format!("/groups/{group}/beat"), beat, limit).await
    }

    /// A way to the block server of a mirrored file; bytes from here on.
    pub(crate) async fn mirror(
        &self,
        group: &ConsistencyGroupId,
        file: &str,
        describes: &Describes,
    ) -> Result<reqwest::Upgraded, Error> {
        let path = format!("{}/groups/{group}/mirror/{}", self.root, check(file)?);
        let header = serde_json::to_string(describes).map_err(nonsense)?;
        let request = self.http.get(path).header(super::serve::DESCRIBES, header);
        let request = request.header(CONNECTION, "upgrade").header(UPGRADE, super::NBD);
        let response = self.authorized(request).send().await.map_err(silent)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let status = response.status();
            let said = response.text().await.unwrap_or_default();
            return Err(Error::Silent(format!("no mirror, but {status}: {said}")));
        }
        response.upgrade().await.map_err(silent)
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        limit: Duration,
    ) -> Result<T, Error> {
        let bytes = serde_json::to_vec(body).map_err(nonsense)?;
        let request = self.http.post(format!("{}{path}", self.root)).timeout(limit);
        self.send(request.header(CONTENT_TYPE, "application/json").body(bytes)).await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let mut response = self.authorized(request).send().await.map_err(silent)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(silent)? {
            if bytes.len() + chunk.len() > LIMIT {
                return Err(Error::Silent("its answer is too long".to_owned()));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status == StatusCode::OK {
            return serde_json::from_slice(&bytes).map_err(nonsense);
        }
        match serde_json::from_slice::<Refusal>(&bytes) {
            Ok(reason) => Err(Error::Peer(reason)),
            Err(_) => Err(Error::Silent(format!("something answered {status}"))),
        }
    }
}

fn nonsense(error: serde_json::Error) -> Error {
    Error::Silent(format!("its answer makes no sense: {error}"))
}

/// The last cause says what happened; those above it say which layer saw it.
fn silent(error: reqwest::Error) -> Error {
    // The address may hold what nobody else should read.
    let error = error.without_url();
    if error.is_timeout() {
        return Error::Silent("not in time".to_owned());
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Error::Silent(cause.to_string())
}
