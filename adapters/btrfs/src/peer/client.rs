//! The one place where a connection to the other site is made.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::Stream;
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId};
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Answer, Describes, Hello, LIMIT, ROOT, Refusal, SyncRequest, TurnRequest};
use crate::config::{ConfigError, PeerConfig, token};
use crate::error::Error;
use muster_adapter_pair::Report;

/// A site that is gone should be noticed soon: this is waited for in the middle of operations.
const CONNECT: Duration = Duration::from_secs(2);
/// Snapshots and a look through all processes are made before an answer comes.
const ANSWER: Duration = Duration::from_secs(20);
/// A leg is snapshotted and deleted before the answer to this comes.
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

    /// Sends a point's stream. Whoever calls watches that it moves; there is no limit here, because
    /// nobody knows how much there is.
    pub(crate) async fn put<S>(
        &self,
        group: &ConsistencyGroupId,
        point: &RecoveryPointId,
        describes: &Describes,
        stream: S,
    ) -> Result<Report, Error>
    where
        S: Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    {
        let path = format!("{}/groups/{group}/points/{point}", self.root);
        let header = serde_json::to_string(describes).map_err(nonsense)?;
        let request = self.http.put(path).header(super::serve::DESCRIBES, header);
        let request = request.header(CONTENT_TYPE, "application/octet-stream");
        self.send(request.body(reqwest::Body::wrap_stream(stream))).await
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
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let mut response = request.send().await.map_err(silent)?;
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
