//! Versions of resources: `ETag` out, `If-Match` and `If-None-Match` in.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};

use super::{Code, Problem};

/// The version of what is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ETag(pub u64);

impl ETag {
    fn header(self) -> HeaderValue {
        HeaderValue::from_str(&format!("\"{}\"", self.0))
            .unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
    }
}

impl IntoResponseParts for ETag {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.headers_mut().insert(ETAG, self.header());
        Ok(parts)
    }
}

/// Nothing has changed since the client read it.
#[derive(Clone, Copy, Debug)]
pub struct NotModified(pub ETag);

impl NotModified {
    /// `Some` where the client has this version already.
    pub fn check(headers: &HeaderMap, version: u64) -> Option<NotModified> {
        let known = listed(headers, &IF_NONE_MATCH)?;
        let tag = format!("\"{version}\"");
        let same = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag;
        known.iter().any(|one| same(one)).then_some(NotModified(ETag(version)))
    }
}

impl IntoResponse for NotModified {
    fn into_response(self) -> Response {
        (StatusCode::NOT_MODIFIED, self.0, ()).into_response()
    }
}

/// The versions for which a change is meant. A change without one is refused with `428`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch {
    /// `*`: whatever is there, but something.
    any: bool,
    versions: Vec<u64>,
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(tags) = listed(&parts.headers, &IF_MATCH) else {
            return Err(Problem::new(Code::IfMatchNeeded, "this change needs an If-Match header")
                .help("send If-Match with the ETag that you have read, \"0\" for something new"));
        };
        let mut read = IfMatch { any: false, versions: Vec::new() };
        for tag in tags {
            let number = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            match number.unwrap_or(tag).parse() {
                Ok(version) => read.versions.push(version),
                Err(_) if tag == "*" => read.any = true,
                Err(_) => {
                    let detail = format!("`{tag}` in If-Match is no ETag of this server");
                    return Err(Problem::new(Code::BadHeader, detail).help("send it like \"7\""));
                }
            }
        }
        Ok(read)
    }
}

impl IfMatch {
    /// Whether the change is meant for this version; 0: there is nothing yet.
    ///
    /// # Errors
    /// `412` where it is not.
    pub fn check(&self, version: u64) -> Result<(), Problem> {
        if self.versions.contains(&version) || (self.any && version > 0) {
            return Ok(());
        }
        let there = match version {
            0 => String::from("there is nothing yet"),
            n => format!("version {n} is there"),
        };
        Err(Problem::new(
            Code::VersionMismatch,
            format!("the change is for another version: {there}"),
        )
        .help("read it again, and repeat the change on what you read"))
    }

    /// The one version that is expected, for a store that checks it once more; `None`: any.
    pub fn expected(&self) -> Option<u64> {
        match self.versions.as_slice() {
            [one] if !self.any => Some(*one),
            _ => None,
        }
    }
}

/// The members of a header that is a list; `None`: there is no such header.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Vec<&'a str>> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let texts = lines.filter_map(|line| line.to_str().ok());
    Some(texts.flat_map(|line| line.split(',')).map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn if_match(value: Option<&str>) -> Result<IfMatch, Code> {
        let mut request = Request::builder();
        if let Some(value) = value {
            request = request.header(IF_MATCH, value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await.map_err(|problem| problem.code)
    }

    #[tokio::test]
    async fn a_change_names_its_version() {
        assert_eq!(if_match(None).await, Err(Code::IfMatchNeeded));
        assert_eq!(if_match(Some("\"x\"")).await, Err(Code::BadHeader));
        let seven = if_match(Some("\"7\"")).await.unwrap();
        assert!(seven.check(7).is_ok());
        for other in [0, 6, 8] {
            assert_eq!(seven.check(other).unwrap_err().code, Code::VersionMismatch);
        }
        assert_eq!(
            (seven.expected(), if_match(Some("5, \"7\"")).await.unwrap().expected()),
            (Some(7), None)
        );
        let any = if_match(Some("*")).await.unwrap();
        assert!(any.check(3).is_ok() && any.check(0).is_err());
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let check = |value: &'static str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]);
            NotModified::check(&headers, 7).is_some()
        };
        assert!(check("\"7\"") && check("W/\"7\"") && check("\"1\", \"7\"") && check("*"));
        assert!(!check("\"8\""));
        assert!(NotModified::check(&HeaderMap::new(), 7).is_none());
        assert_eq!(NotModified(ETag(7)).into_response().headers()[ETAG], "\"7\"");
    }
}
