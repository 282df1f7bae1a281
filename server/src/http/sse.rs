//! Streams of events to browsers and scripts.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse as AxumSse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use serde::Serialize;

use super::{Code, Problem};
use crate::auth::{Auth, Principal};

/// Whether who listens may still do so is asked this often.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// One event of a stream.
#[derive(Clone, Debug)]
pub struct Sse {
    /// Its place in the stream; a client that comes back sends the last one that it got.
    pub id: u64,
    /// Its kind; `None`: `message`.
    pub name: Option<&'static str>,
    /// Its data, on one line or many.
    pub data: String,
}

impl Sse {
    /// An event with JSON.
    ///
    /// # Errors
    /// Where the value cannot be JSON.
    pub fn json(
        id: u64,
        name: &'static str,
        data: &impl Serialize,
    ) -> Result<Sse, serde_json::Error> {
        Ok(Sse { id, name: Some(name), data: serde_json::to_string(data)? })
    }
}

impl From<Sse> for Event {
    fn from(sse: Sse) -> Event {
        let event = Event::default().id(sse.id.to_string()).data(sse.data);
        match sse.name {
            Some(name) => event.event(name),
            None => event,
        }
    }
}

/// After which event a stream goes on: `Last-Event-ID`, or `?after=` for scripts; `None`: from the
/// start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After(pub Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<After, Problem> {
        let header = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let query = parts.uri.query().unwrap_or_default();
        let asked = query.split('&').find_map(|pair| pair.strip_prefix("after="));
        let Some(text) = header.or(asked).filter(|text| !text.is_empty()) else {
            return Ok(After(None));
        };
        text.parse().map(|id| After(Some(id))).map_err(|_| {
            Problem::new(Code::BadCursor, format!("`{text}` is no id of an event of this stream"))
        })
    }
}

/// Sends events until there are no more, or until who listens may no longer: a session that ends
/// ends its streams within seconds.
pub fn live(
    auth: Auth,
    who: Principal,
    events: impl Stream<Item = Sse> + Send + 'static,
) -> Response {
    live_while(auth, who, events, ASK_AGAIN)
}

/// The same, asking this often.
pub(super) fn live_while(
    auth: Auth,
    who: Principal,
    events: impl Stream<Item = Sse> + Send + 'static,
    every: Duration,
) -> Response {
    let mut ask = tokio::time::interval(every);
    ask.reset();
    let listening = Listening { auth, who, events: events.boxed(), ask };
    let events = stream::unfold(listening, Listening::next);
    let events = events.map(|sse| Ok::<Event, Infallible>(sse.into()));
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    let mut response = AxumSse::new(events).keep_alive(alive).into_response();
    // Proxies would hold events back to compress them.
    let no_buffer = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.headers_mut().insert(no_buffer.0, no_buffer.1);
    response
}

struct Listening {
    auth: Auth,
    who: Principal,
    events: BoxStream<'static, Sse>,
    ask: tokio::time::Interval,
}

impl Listening {
    async fn next(mut self) -> Option<(Sse, Listening)> {
        loop {
            tokio::select! {
                biased;
                _ = self.ask.tick() => {
                    // An answer that does not come lets nobody listen on.
                    let still = self.auth.still(&self.who).await.ok().flatten()?;
                    if still.privileges != self.who.privileges {
                        return None;
                    }
                }
                event = self.events.next() => {
                    return event.map(|event| (event, self));
                }
            }
        }
    }
}
