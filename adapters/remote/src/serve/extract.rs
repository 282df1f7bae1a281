//! What handlers are given: the site, an operation id, a strictly read body.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use muster_contract::{OpId, SiteAdapter};
use muster_plans::time::Span;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use super::{Shared, Sites};
use crate::problem::{Code, Problem};
use crate::wire::{REQUEST_LIMIT, TIME_LEFT, read_strictly};

/// The site that the path means, for a caller who may ask it.
pub(crate) struct Site(pub(crate) Arc<dyn SiteAdapter>);

impl FromRequestParts<Shared> for Site {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Site, Problem> {
        authorize(&parts.headers, shared.token.as_deref())?;
        match &*shared.sites {
            Sites::One(site) => Ok(Site(site.clone())),
            Sites::Many(sites) => {
                let name = param(parts, shared, "site").await?;
                let site = sites.get(name.as_str()).cloned().map(Site);
                site.ok_or_else(|| {
                    Problem::new(Code::NoSuchSite, format!("there is no site `{name}` here"))
                })
            }
        }
    }
}

/// The operation id in the path.
pub(crate) struct OperationId(pub(crate) OpId);

impl FromRequestParts<Shared> for OperationId {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Shared,
    ) -> Result<OperationId, Problem> {
        let run = param(parts, shared, "run").await?;
        let step = param(parts, shared, "step").await?;
        let attempt = param(parts, shared, "attempt").await?;
        let id = format!("{run}/{step}/{attempt}").parse::<OpId>();
        id.map(OperationId).map_err(|error| Problem::new(Code::OperationId, error.to_string()))
    }
}

async fn param(parts: &mut Parts, shared: &Shared, name: &str) -> Result<String, Problem> {
    let missing = |why: String| Problem::new(Code::NoSuchPath, why);
    let params = RawPathParams::from_request_parts(parts, shared)
        .await
        .map_err(|error| missing(error.body_text()))?;
    let found = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    found.ok_or_else(|| missing(format!("the path has no `{name}`")))
}

/// How long an operation may take from now on, where the caller says so.
pub(crate) struct TimeLeft(pub(crate) Option<Span>);

impl FromRequestParts<Shared> for TimeLeft {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<TimeLeft, Problem> {
        let Some(value) = parts.headers.get(TIME_LEFT) else { return Ok(TimeLeft(None)) };
        let left = value.to_str().ok().and_then(|text| text.parse().ok());
        left.map(|left| TimeLeft(Some(Span(left)))).ok_or_else(|| {
            Problem::new(
                Code::Malformed,
                format!("the header `{TIME_LEFT}` is not in milliseconds"),
            )
        })
    }
}

/// Compares in constant time, so that a token cannot be guessed a byte at a time.
fn authorize(headers: &HeaderMap, token: Option<&str>) -> Result<(), Problem> {
    let Some(token) = token else { return Ok(()) };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    // An empty token is a mistake of whoever set it, and lets nobody in.
    let known = |given: &str| bool::from(given.as_bytes().ct_eq(token.as_bytes()));
    if !token.is_empty() && given.is_some_and(known) {
        return Ok(());
    }
    Err(Problem::new(
        Code::Unauthorized,
        "send the agent's token in the header `Authorization: Bearer TOKEN`",
    ))
}

/// A JSON body, read strictly and only up to [`REQUEST_LIMIT`].
pub(crate) struct Strict<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Strict<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Shared) -> Result<Strict<T>, Problem> {
        let media = request.headers().get(header::CONTENT_TYPE);
        let media = media.and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media.split(';').next().map(str::trim) != Some("application/json") {
            return Err(Problem::new(Code::MediaType, format!("`{media}` is not read here")));
        }
        let body = to_bytes(request.into_body(), REQUEST_LIMIT).await;
        let bytes = body.map_err(|_| {
            Problem::new(
                Code::TooLarge,
                format!("the body was cut off, or has more than {REQUEST_LIMIT} bytes"),
            )
        })?;
        read_strictly(&bytes).map(Strict)
    }
}
