//! The REST API under `/api/v1`: one file per resource.

pub mod approvals;
pub mod chains;
pub mod documents;
pub mod dto;
pub mod events;
pub mod groups;
pub mod inventory;
pub mod me;
mod openapi;
pub mod plans;
mod problem;
pub mod roles;
pub mod runs;
pub mod server;
pub mod sign_in;
pub mod sim;
pub mod sites;
pub mod tokens;
pub mod users;

pub use openapi::openapi;

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;

use crate::api::dto::Page;
use crate::app::App;
use crate::http::{Json, PageQuery, Problem};

/// What every handler is given.
pub(crate) type TheApp = State<Arc<App>>;

/// What most handlers answer.
pub(crate) type Answer<T> = Result<Json<T>, Problem>;

/// Cuts one page out of a list that is in memory; the cursor is the position.
pub(crate) fn page_of<T>(items: Vec<T>, query: &PageQuery) -> Result<Page<T>, Problem> {
    let from: usize = query.position()?;
    let limit = query.limit();
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(from).take(limit).collect();
    let next = from + items.len();
    let next_cursor = (next < total).then(|| PageQuery::cursor_at(next));
    Ok(Page { items, next_cursor })
}

/// `?plan=…&kind=…` of plan resources.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindQuery {
    pub(crate) kind: dto::StartKind,
    #[serde(default)]
    pub(crate) forced: bool,
    #[serde(default)]
    pub(crate) form: Option<GraphForm>,
}

/// How a graph is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GraphForm {
    /// For people.
    Text,
    /// Graphviz.
    Dot,
}
