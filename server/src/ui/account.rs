//! One's own account: the password, and where one is signed in. With a one-time password this is the
//! only page there is.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use muster_web::page::{Account, FieldError, PasswordForm, SessionLine};
use muster_web::part::When;
use muster_web::route::pattern;
use muster_web::state::Level;
use muster_web::{Nav, form};

use super::chrome::{self, At};
use super::sign_in::safe;
use super::{render, render_as};
use crate::api::TheApp;
use crate::app::App;
use crate::auth::{MIN_PASSWORD, Via, session_id};
use crate::http::{Code, Form, Problem, Query, Who};
use crate::ops;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Query(query): Query<form::AccountQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut page = page(&app, &who, &At::of(&uri, &headers), query.next, Vec::new()).await?;
    page.chrome.flash = match query.done.as_str() {
        "password" => Some("Your password is changed, and your other sessions have ended."),
        "session" => Some("The session has ended."),
        _ => None,
    }
    .map(|text| (Level::Passed, text.to_owned()));
    Ok(render(&page))
}

async fn page(
    app: &App,
    who: &Who,
    at: &At,
    next: String,
    errors: Vec<FieldError>,
) -> Result<Account, Problem> {
    let principal = &who.principal;
    let must = principal.must_choose_password();
    let title = if must { "Choose your password" } else { "Your account" };
    let now = app.now().0;
    let sessions = app.auth.sessions_of(&principal.user).await?;
    let line = |session: &muster_store::Session| SessionLine {
        id: session_id(session).to_owned(),
        current: principal.via == Via::Session(session.digest.clone()),
        address: session.address.clone().unwrap_or_default(),
        since: When::new(session.created_at.0, now),
        seen: When::new(session.last_seen.0, now),
    };
    Ok(Account {
        chrome: chrome::of(app, Some(who), Nav::None, title, at).await,
        name: principal.user.clone(),
        roles: principal.roles.clone(),
        password: PasswordForm { must, min: MIN_PASSWORD, next, errors },
        sessions: sessions.iter().map(line).collect(),
    })
}

/// Changes the password, and goes to where one wanted to go.
pub(super) async fn password(
    State(app): TheApp,
    who: Who,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<form::ChangePassword>,
) -> Result<Response, Problem> {
    let same = form.new == form.again;
    let problem = if same {
        let person = (&who.principal, &who.asker);
        let changed =
            ops::change_password(&app, person, (&form.old, &form.new), address.ip()).await;
        match changed {
            Ok(_) => return Ok(Redirect::to(&afterwards(&form.next)).into_response()),
            Err(error) => Problem::from(error),
        }
    } else {
        Problem::new(Code::BadValue, "the two new ones are not the same")
    };
    if problem.status().is_server_error() {
        return Err(problem);
    }
    let at = At::of(&uri, &headers);
    let page = page(&app, &who, &at, form.next, errors(&problem, same)).await?;
    Ok(render_as(problem.status(), &page))
}

fn afterwards(next: &str) -> String {
    match safe(next) {
        "/" if next.is_empty() => format!("{}?done=password", pattern::ACCOUNT),
        next => next.to_owned(),
    }
}

/// What is wrong, under the names of the form's fields.
fn errors(problem: &Problem, same: bool) -> Vec<FieldError> {
    let error = |field: &str, text: String| FieldError { field: field.to_owned(), text };
    if !same {
        return vec![error("again", problem.detail.clone())];
    }
    if problem.errors.is_empty() {
        let text = match problem.code {
            Code::BadCredentials => "The old password is not right.".to_owned(),
            _ => problem.detail.clone(),
        };
        return vec![error("old", text)];
    }
    let each = problem.errors.iter();
    each.map(|one| {
        error(one.pointer.trim_start_matches('/'), format!("{}: {}", one.detail, one.help))
    })
    .collect()
}

/// Ends one of one's own sessions.
pub(super) async fn end_session(
    State(app): TheApp,
    who: Who,
    Form(form): Form<form::EndSession>,
) -> Result<Response, Problem> {
    ops::end_session(&app, &who.asker(), &who.principal.user, &form.id).await?;
    Ok(Redirect::to(&format!("{}?done=session", pattern::ACCOUNT)).into_response())
}
