//! Answers the other site.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use muster_adapter_pair::Report;
use muster_contract::{ErrorClass, Reason};
use muster_plans::id::{ConsistencyGroupId, SiteName};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;

use super::{
    Answer, Beat, BeginMirror, Commit, Describes, DigestRequest, Hello, LIMIT, ROOT, SyncRequest,
    TurnRequest,
};
use crate::error::{Error, missing};
use crate::store::{Cdp, Group};

/// Describes what is sent as bytes.
pub(super) const DESCRIBES: &str = "muster-describes";

/// How long a stop waits for what is being answered.
const STOP: Duration = Duration::from_secs(5);

/// A refusal as an answer: a [`Reason`] with a status that fits it.
struct No(Reason);

impl From<Error> for No {
    fn from(error: Error) -> No {
        match error {
            Error::Peer(reason) => No(reason),
            other => No(Reason { class: other.class(), message: other.to_string() }),
        }
    }
}

impl From<Reason> for No {
    fn from(reason: Reason) -> No {
        No(reason)
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let status = match self.0.class {
            ErrorClass::Auth => StatusCode::UNAUTHORIZED,
            ErrorClass::NotFound => StatusCode::NOT_FOUND,
            ErrorClass::Retry => StatusCode::SERVICE_UNAVAILABLE,
            ErrorClass::Precondition => StatusCode::CONFLICT,
            ErrorClass::Capacity => StatusCode::INSUFFICIENT_STORAGE,
            ErrorClass::Unsupported => StatusCode::BAD_REQUEST,
            ErrorClass::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(self.0)).into_response()
    }
}

type Store = State<Arc<Cdp>>;
type Answered<T> = Result<Json<T>, No>;

/// Serves until `shutdown` resolves.
pub(crate) async fn serve(
    store: Arc<Cdp>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route(&format!("{ROOT}/hello"), post(hello))
        .route(&format!("{ROOT}/groups/{{group}}/turn"), post(turn))
        .route(&format!("{ROOT}/groups/{{group}}/sync"), post(sync))
        .route(&format!("{ROOT}/groups/{{group}}/begin"), post(begin))
        .route(&format!("{ROOT}/groups/{{group}}/digests"), post(digests))
        .route(&format!("{ROOT}/groups/{{group}}/blocks/{{file}}/{{nr}}"), put(block))
        .route(&format!("{ROOT}/groups/{{group}}/commit"), post(commit))
        .route(&format!("{ROOT}/groups/{{group}}/beat"), post(beat))
        .route(&format!("{ROOT}/groups/{{group}}/mirror"), post(begin_mirror))
        .route(&format!("{ROOT}/groups/{{group}}/mirror/{{file}}"), get(line))
        .with_state(store);
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    // Answers of a block server are small, and a guest waits for them.
    let listener = listener.tap_io(|line| drop(line.set_nodelay(true)));
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        let _ = stopping.send(());
    });
    let overdue = async {
        match stopped.await {
            Ok(()) => tokio::time::sleep(STOP).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = graceful => ended,
        () = overdue => Ok(()),
    }
}

async fn hello(State(store): Store, request: Request) -> Answered<Answer> {
    let hello: Hello = read(&store, request).await?;
    from_peer(&store, &hello.site)?;
    Ok(Json(store.welcome(&hello).await?))
}

async fn turn(
    State(store): Store,
    Path(group): Path<ConsistencyGroupId>,
    request: Request,
) -> Answered<Report> {
    let asked: TurnRequest = read(&store, request).await?;
    from_peer(&store, &asked.site)?;
    let group = found(&store, &group)?;
    Ok(Json(store.turn_round(&group, &asked).await?))
}

async fn sync(
    State(store): Store,
    Path(group): Path<ConsistencyGroupId>,
    request: Request,
) -> Answered<Report> {
    let asked: SyncRequest = read(&store, request).await?;
    from_peer(&store, &asked.site)?;
    let group = found(&store, &group)?;
    store.catch_up(&group, Duration::from_millis(asked.within)).await?;
    let leg = group.leg.lock().await;
    Ok(Json(store.report(&group, &leg).await?))
}

type Id = Path<ConsistencyGroupId>;

async fn begin(State(store): Store, Path(group): Id, request: Request) -> Answered<()> {
    let asked: Describes = read(&store, request).await?;
    from_peer(&store, &asked.site)?;
    Ok(Json(store.begin_point(&*found(&store, &group)?, &asked).await?))
}

async fn digests(State(store): Store, Path(group): Id, request: Request) -> Answered<Vec<String>> {
    let asked: DigestRequest = read(&store, request).await?;
    from_peer(&store, &asked.describes.site)?;
    Ok(Json(store.own_digests(&*found(&store, &group)?, asked).await?))
}

async fn block(
    State(store): Store,
    Path((group, file, nr)): Path<(ConsistencyGroupId, String, u64)>,
    request: Request,
) -> Answered<()> {
    let describes = described(&store, request.headers())?;
    let bytes = to_bytes(request.into_body(), LIMIT).await;
    let bytes = bytes.map_err(|_| wrong("the block is cut off or too long"))?;
    let group = found(&store, &group)?;
    Ok(Json(store.take_block(&group, &describes, &file, nr, bytes).await?))
}

async fn commit(State(store): Store, Path(group): Id, request: Request) -> Answered<Report> {
    let asked: Commit = read(&store, request).await?;
    from_peer(&store, &asked.describes.site)?;
    Ok(Json(store.take_in(&*found(&store, &group)?, asked).await?))
}

async fn begin_mirror(State(store): Store, Path(group): Id, request: Request) -> Answered<()> {
    let asked: BeginMirror = read(&store, request).await?;
    from_peer(&store, &asked.describes.site)?;
    Ok(Json(store.begin_mirror(&*found(&store, &group)?, &asked).await?))
}

async fn beat(State(store): Store, Path(group): Id, request: Request) -> Answered<()> {
    let asked: Beat = read(&store, request).await?;
    from_peer(&store, &asked.describes.site)?;
    Ok(Json(store.hear_beat(&*found(&store, &group)?, &asked).await?))
}

/// The connection becomes a way to a block server.
async fn line(
    State(store): Store,
    Path((group, file)): Path<(ConsistencyGroupId, String)>,
    mut request: Request,
) -> Result<Response, No> {
    let describes = described(&store, request.headers())?;
    let upgrade = request.extensions_mut().remove::<hyper::upgrade::OnUpgrade>();
    let upgrade = upgrade.ok_or_else(|| wrong("this is for mirrors"))?;
    let group = found(&store, &group)?;
    {
        let leg = group.leg.lock().await;
        store.may_take(&group, &leg, &describes).await?;
    }
    let mut exports = group.exports.lock().await;
    let exports = exports.as_mut().ok_or_else(|| No(missing("the mirror")))?;
    let mut server = exports.connect(&file).await?;
    exports.carry(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let mut peer = hyper_util::rt::TokioIo::new(upgraded);
        if let Err(error) = copy_bidirectional(&mut peer, &mut server).await {
            tracing::info!(%file, %error, "a mirror's line ended");
        }
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, super::NBD)];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

/// Who sends, from the header.
fn described(store: &Cdp, headers: &HeaderMap) -> Result<Describes, No> {
    authorize(store, headers)?;
    let described = headers.get(DESCRIBES).map(|value| value.as_bytes());
    let described = described.and_then(|text| serde_json::from_slice::<Describes>(text).ok());
    let describes = described.ok_or_else(|| wrong("what is sent is not described"))?;
    from_peer(store, &describes.site)?;
    Ok(describes)
}

fn wrong(message: &str) -> No {
    No(Reason { class: ErrorClass::Bug, message: message.to_owned() })
}

fn found(store: &Cdp, id: &ConsistencyGroupId) -> Result<Arc<Group>, No> {
    store.find(id).ok_or_else(|| No(missing(format!("the group {id}"))))
}

/// A neighbour that was wired up wrongly must not replace data.
fn from_peer(store: &Cdp, site: &SiteName) -> Result<(), No> {
    if site == store.peer_site() {
        return Ok(());
    }
    let message = format!("`{site}` is not the peer of `{}`", store.site());
    Err(No(Reason { class: ErrorClass::Precondition, message }))
}

async fn read<T: DeserializeOwned>(store: &Cdp, request: Request) -> Result<T, No> {
    authorize(store, request.headers())?;
    let wrong = |message: String| No(Reason { class: ErrorClass::Bug, message });
    let bytes = to_bytes(request.into_body(), LIMIT).await;
    let bytes = bytes.map_err(|_| wrong("the message is cut off or too long".to_owned()))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(format!("the message: {error}")))
}

/// Compares in constant time, so that a token cannot be guessed a byte at a time.
fn authorize(store: &Cdp, headers: &HeaderMap) -> Result<(), No> {
    let Some(token) = &store.token else { return Ok(()) };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
        return Ok(());
    }
    Err(No(Reason { class: ErrorClass::Auth, message: "the token is wrong".to_owned() }))
}
