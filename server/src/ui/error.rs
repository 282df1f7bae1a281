//! Errors as pages.

use axum::http::HeaderMap;
use axum::response::Response;
use muster_web::page::{ErrorPage, Recovery};
use muster_web::{Chrome, Nav};

use super::chrome::{theme_of, user};
use super::render_as;
use crate::auth::Principal;
use crate::http::{Code, Problem};

/// A problem report as a page, with ways on.
pub fn problem_page(problem: &Problem, who: Option<&Principal>, headers: &HeaderMap) -> Response {
    let mut help: Vec<String> =
        Some(problem.help.clone()).filter(|text| !text.is_empty()).into_iter().collect();
    help.extend(problem.errors.iter().map(|error| format!("{} {}", error.pointer, error.detail)));
    let mut chrome = Chrome::new(problem.code.title(), Nav::None);
    chrome.user = who.map(user);
    chrome.theme = theme_of(headers);
    chrome.version = env!("CARGO_PKG_VERSION").to_owned();
    let page = ErrorPage {
        chrome,
        status: problem.code.status().as_u16(),
        code: problem.code.to_string(),
        message: quoted(&problem.detail),
        help,
        links: ways_on(problem.code),
        request_id: problem.request_id.clone().unwrap_or_default(),
        run: None,
    };
    render_as(problem.code.status(), &page)
}

fn ways_on(code: Code) -> Vec<Recovery> {
    let way = |label: &str, href: &str| Recovery { label: label.to_owned(), href: href.to_owned() };
    match code {
        Code::SignInFirst | Code::CrossSite => vec![way("Sign in", "/sign-in")],
        _ => vec![way("Plans", "/plans"), way("Runs", "/runs")],
    }
}

/// Problems name things in backticks, which people need not know.
fn quoted(text: &str) -> String {
    let mut open = false;
    let quote = |c| match c {
        '`' => {
            open = !open;
            if open { '“' } else { '”' }
        }
        other => other,
    };
    text.chars().map(quote).collect()
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_stand_between_quotation_marks() {
        assert_eq!(
            quoted("there is no plan `erp`, only `shop`"),
            "there is no plan “erp”, only “shop”"
        );
    }
}
