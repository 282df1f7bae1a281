//! The console: fills the pages of `muster-web` from the same views as the API. One file per page.
//!
//! Nothing here can do what the API cannot: forms call the same use cases.

mod asset;
mod chrome;
mod error;
mod sign_in;

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_web::Template;
use muster_web::route::pattern;

use crate::app::App;
use crate::http::Access::{Public, SignedIn};
use crate::http::{Problem, Table};

pub use error::problem_page;

/// All pages.
pub fn routes() -> Table<Arc<App>> {
    Table::pages()
        .get(pattern::ASSETS, Public, asset::show)
        .get(pattern::SIGN_IN, Public, sign_in::show)
        .post(pattern::SIGN_IN, Public, sign_in::enter)
        .post(pattern::THEME, Public, sign_in::theme)
        .post(pattern::SIGN_OUT, SignedIn, sign_in::leave)
}

/// Renders a page.
pub(crate) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            Problem::internal(&error).into_response()
        }
    }
}

/// Renders a page under another status.
pub(crate) fn render_as(status: StatusCode, page: &impl Template) -> Response {
    (status, render(page)).into_response()
}
