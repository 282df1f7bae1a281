//! The end of a hold, by form.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use muster_web::form;
use muster_web::route::pattern;

use crate::api::TheApp;
use crate::api::dto::ReleaseRequest;
use crate::http::{Form, Problem, Who};
use crate::ops;

/// Lets the server go on.
pub(super) async fn release(
    State(app): TheApp,
    who: Who,
    Form(form): Form<form::Release>,
) -> Result<Response, Problem> {
    let named = form.without.split([' ', ',']).filter(|site| !site.is_empty());
    let without = named.map(ToOwned::to_owned).collect();
    let request = ReleaseRequest { reason: form.reason, without };
    ops::release_hold(&app, &who.asker(), &request).await?;
    Ok(Redirect::to(pattern::OVERVIEW).into_response())
}
