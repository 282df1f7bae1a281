//! Signing in and out, and the choice of colours.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use muster_web::form;
use muster_web::page::SignIn;
use muster_web::{Nav, Theme};
use serde::Deserialize;

use super::chrome::{self, At};
use super::{render, render_as};
use crate::api::TheApp;
use crate::app::App;
use crate::http::{Form, Problem, Query, Who};

/// `?next=…`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// The form.
pub(super) async fn show(
    State(app): TheApp,
    Query(next): Query<Next>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let at = At::of(&uri, &headers);
    render(&page(&app, &at, next.next, String::new(), None).await)
}

async fn page(app: &App, at: &At, next: String, user: String, error: Option<&Problem>) -> SignIn {
    let notice = app.options.banner.as_ref().map(|_| {
        "Demonstration: sign in as admin; the password is in the file admin.password of the demo's folder."
            .to_owned()
    });
    SignIn {
        chrome: chrome::of(app, None, Nav::None, "Sign in", at).await,
        next,
        user,
        error: error.map(|problem| problem.detail.clone()),
        notice,
    }
}

/// Signs in.
pub(super) async fn enter(
    State(app): TheApp,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<form::SignIn>,
) -> Response {
    let old = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .find_map(|line| app.auth.session_in(line));
    match app.auth.sign_in(&form.user, &form.password, address.ip(), old).await {
        Ok(signed_in) => {
            let cookie = [(header::SET_COOKIE, signed_in.set_cookie)];
            (cookie, Redirect::to(safe(&form.next))).into_response()
        }
        Err(error) => {
            let problem = Problem::from(error);
            let at = At::of(&uri, &headers);
            let page = page(&app, &at, form.next, form.user, Some(&problem)).await;
            render_as(problem.status(), &page)
        }
    }
}

/// Only to a page of ours.
pub(super) fn safe(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    if ours { next } else { "/" }
}

/// Signs out.
pub(super) async fn leave(State(app): TheApp, who: Who) -> Result<Response, Problem> {
    let cookie = app.auth.sign_out(&who.principal).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}

/// Sets the colours.
pub(super) async fn theme(Form(form): Form<form::Theme>) -> Response {
    let theme = Theme::from_slug(&form.theme).slug();
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(safe(&form.back))).into_response()
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn only_our_own_pages_are_gone_to() {
        assert_eq!(safe("/plans?x=1"), "/plans?x=1");
        for evil in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:1"]
        {
            assert_eq!(safe(evil), "/", "{evil}");
        }
    }
}
