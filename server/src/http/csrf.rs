//! Requests that another site made a browser send.
//!
//! Browsers say of each request where it comes from (`Sec-Fetch-Site`, and `Origin` on everything
//! that changes something). That is checked instead of a token in each form; the session's cookie is
//! `SameSite=Strict` besides.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};

use super::{Code, Problem, PublicUrl};

/// Whether a request may come with a session's cookie, or to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// A browser with a session: it must say where the request comes from.
    Session,
    /// Nobody yet. A program that is no browser says nothing.
    Nobody,
}

/// Whether a method changes something.
pub(super) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses what another site made a browser send. `public` is what browsers call this server, where
/// it was told so; otherwise it is what the request calls it.
pub(super) fn check(
    headers: &HeaderMap,
    from: From,
    public: Option<&PublicUrl>,
) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => return Ok(()),
        Some(site) => return Err(refused(&format!("the browser says that it is {site}"))),
        None => {}
    }
    let host = text(HOST.as_str());
    let ours = |origin: &str| match public {
        Some(public) => origin == public.origin(),
        None => host.is_some() && host_of(origin) == host,
    };
    match (text(ORIGIN.as_str()), host) {
        (Some(origin), _) if ours(origin) => Ok(()),
        (Some(origin), _) => Err(refused(&format!("it comes from {origin}"))),
        (None, _) if from == From::Nobody => Ok(()),
        (None, _) => Err(refused("it does not say where it comes from")),
    }
}

fn host_of(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

fn refused(why: &str) -> Problem {
    Problem::new(Code::CrossSite, format!("the request was not made by this server's pages: {why}"))
        .help("programs use an API token instead of a session's cookie")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn allowed(from: From, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        check(&headers.collect(), from, None).is_ok()
    }

    #[test]
    fn only_this_servers_pages_may_use_a_session() {
        let host = ("host", "muster.example:8443");
        let cases: &[(bool, &[(&'static str, &'static str)])] = &[
            (true, &[("sec-fetch-site", "same-origin")]),
            (true, &[("sec-fetch-site", "none")]),
            (
                false,
                &[
                    ("sec-fetch-site", "cross-site"),
                    host,
                    ("origin", "https://muster.example:8443"),
                ],
            ),
            (false, &[("sec-fetch-site", "same-site")]),
            (true, &[host, ("origin", "https://muster.example:8443")]),
            (true, &[host, ("origin", "http://muster.example:8443")]),
            (false, &[host, ("origin", "https://muster.example")]),
            (false, &[host, ("origin", "https://evil.example")]),
            (false, &[host, ("origin", "https://muster.example:8443.evil.example")]),
            (false, &[host, ("origin", "null")]),
            (false, &[("origin", "https://muster.example:8443")]),
            (false, &[host]),
            (false, &[]),
        ];
        for (expected, headers) in cases {
            assert_eq!(allowed(From::Session, headers), *expected, "{headers:?}");
            if headers.iter().any(|(name, _)| *name != "host") {
                assert_eq!(allowed(From::Nobody, headers), *expected, "{headers:?}");
            }
        }
        assert!(allowed(From::Nobody, &[host]), "a program signs in");
    }
}
