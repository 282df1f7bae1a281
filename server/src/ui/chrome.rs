//! The frame around every page.

use axum::http::{HeaderMap, Uri, header};
use muster_store::RunFilter;
use muster_web::state::Tone;
use muster_web::{Banner, Chrome, Hold, Nav, Theme, User};

use super::words;
use crate::app::App;
use crate::auth::{Principal, Privilege};
use crate::http::Who;
use crate::ops;

/// A frame for whoever is signed in.
pub(super) async fn of(app: &App, who: Option<&Who>, nav: Nav, title: &str, at: &At) -> Chrome {
    let mut chrome = Chrome::new(title, nav);
    chrome.user = who.map(|who| user(&who.principal));
    chrome.theme = at.theme;
    chrome.banner =
        app.options.banner.as_ref().map(|text| Banner { tone: Tone::Info, text: text.clone() });
    if let Some(who) = who.filter(|_| ops::on_hold(app)) {
        chrome.hold = Some(hold(app, who).await);
    }
    chrome.waiting = if who.is_some() { waiting(app).await } else { 0 };
    chrome.here = at.here.clone();
    chrome.version = env!("CARGO_PKG_VERSION").to_owned();
    chrome
}

/// Who is signed in, as the frame shows them.
pub(super) fn user(who: &Principal) -> User {
    let role = who.roles.first().map(|role| role.as_str().to_owned()).unwrap_or_default();
    User { name: who.user.clone(), role }
}

async fn hold(app: &App, who: &Who) -> Hold {
    let may = who.principal.may(Privilege::RestoreSettle);
    let refused = (!may).then(|| format!("It takes {}.", Privilege::RestoreSettle));
    // Where the store does not answer the page says so anyway, and nobody lets the server go on.
    let found = ops::server_state(app).await.map(|server| server.contradictions);
    let contradictions = found.unwrap_or_default().into_iter().map(words::contradiction);
    Hold { refused, contradictions: contradictions.collect() }
}

/// Runs that wait for a person.
async fn waiting(app: &App) -> u32 {
    let filter = RunFilter { active: Some(true), ..RunFilter::default() };
    let Ok(page) = app.store.runs().list(&filter, None, 100).await else { return 0 };
    let waits = |id| app.engine.view(id).is_some_and(|view| !view.waiting.is_empty());
    u32::try_from(page.items.iter().filter(|run| waits(run.id)).count()).unwrap_or(0)
}

/// Where the reader is, and which colours they like.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) here: String,
    pub(super) theme: Theme,
}

impl At {
    /// From a request.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> At {
        let here = uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        At { here, theme: theme_of(headers) }
    }
}

/// Colours that the reader has chosen.
pub(super) fn theme_of(headers: &HeaderMap) -> Theme {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == "theme")
        .map_or(Theme::System, |(_, slug)| Theme::from_slug(slug))
}
