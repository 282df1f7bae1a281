//! Answers the other site.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use muster_contract::{ErrorClass, Reason};
use muster_plans::id::{ConsistencyGroupId, RecoveryPointId, SiteName};
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;

use super::{Answer, Describes, Hello, LIMIT, ROOT, SyncRequest, TurnRequest};
use crate::error::{Error, missing};
use crate::store::{Btrfs, Group};
use muster_adapter_pair::Report;

/// Describes the stream of a point.
pub(super) const DESCRIBES: &str = "muster-point";

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

type Store = State<Arc<Btrfs>>;
type Answered<T> = Result<Json<T>, No>;

/// Serves until `shutdown` resolves.
pub(crate) async fn serve(
    store: Arc<Btrfs>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .route(&format!("{ROOT}/hello"), post(hello))
        .route(&format!("{ROOT}/groups/{{group}}/turn"), post(turn))
        .route(&format!("{ROOT}/groups/{{group}}/sync"), post(sync))
        .route(&format!("{ROOT}/groups/{{group}}/points/{{point}}"), put(points))
        .with_state(store);
    let (stopping, stopped) = tokio::sync::oneshot::channel();
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
    {
        let _turn = group.doing.lock().await;
        store.ship(&group).await?;
    }
    let leg = group.leg.lock().await;
    Ok(Json(store.report(&group, &leg).await?))
}

async fn points(
    State(store): Store,
    Path((group, point)): Path<(ConsistencyGroupId, RecoveryPointId)>,
    request: Request,
) -> Answered<Report> {
    authorize(&store, request.headers())?;
    let wrong = |message: &str| No(Reason { class: ErrorClass::Bug, message: message.to_owned() });
    let described = request.headers().get(DESCRIBES).map(|value| value.as_bytes());
    let described = described.and_then(|text| serde_json::from_slice::<Describes>(text).ok());
    let describes = described.ok_or_else(|| wrong("the stream is not described"))?;
    from_peer(&store, &describes.site)?;
    let group = found(&store, &group)?;
    let stream = request.into_body().into_data_stream();
    Ok(Json(store.take_in(&group, &point, describes, stream).await?))
}

fn found(store: &Btrfs, id: &ConsistencyGroupId) -> Result<Arc<Group>, No> {
    store.find(id).ok_or_else(|| No(missing(format!("the group {id}"))))
}

/// A neighbour that was wired up wrongly must not replace data.
fn from_peer(store: &Btrfs, site: &SiteName) -> Result<(), No> {
    if site == store.peer_site() {
        return Ok(());
    }
    let message = format!("`{site}` is not the peer of `{}`", store.site());
    Err(No(Reason { class: ErrorClass::Precondition, message }))
}

async fn read<T: DeserializeOwned>(store: &Btrfs, request: Request) -> Result<T, No> {
    authorize(store, request.headers())?;
    let wrong = |message: String| No(Reason { class: ErrorClass::Bug, message });
    let bytes = to_bytes(request.into_body(), LIMIT).await;
    let bytes = bytes.map_err(|_| wrong("the message is cut off or too long".to_owned()))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(format!("the message: {error}")))
}

/// Compares in constant time, so that a token cannot be guessed a byte at a time.
fn authorize(store: &Btrfs, headers: &HeaderMap) -> Result<(), No> {
    let Some(token) = &store.token else { return Ok(()) };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
        return Ok(());
    }
    Err(No(Reason { class: ErrorClass::Auth, message: "the token is wrong".to_owned() }))
}
