//! Pages of lists: `?limit=` and an opaque `?cursor=`.

use std::fmt::Display;
use std::str::FromStr;

use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_plans::id::RunId;
use serde::{Deserialize, Serialize};

use super::{Code, Json, Problem};

/// Items on a page where nobody says how many.
const USUAL: usize = 50;
/// And at most.
const MOST: usize = 500;

/// Which page is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many items.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Where the page begins: `nextCursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl PageQuery {
    /// From the two fields of another query.
    pub fn of(limit: Option<usize>, cursor: Option<String>) -> PageQuery {
        PageQuery { limit, cursor }
    }

    /// How many items: at least one, at most 500.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }

    /// A cursor for a place in a list. What is in it is not part of the API.
    pub fn cursor_at(place: impl Display) -> String {
        URL_SAFE_NO_PAD.encode(format!("1:{place}"))
    }

    /// The place in the list; `None`: from the start.
    ///
    /// # Errors
    /// Where the cursor is not one that such a list gave.
    pub fn place<T: FromStr>(&self) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let place = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
            text.strip_prefix("1:")?.parse().ok()
        };
        place().map(Some).ok_or_else(|| {
            Problem::new(Code::BadCursor, format!("`{cursor}` is no cursor of this list"))
                .help("take nextCursor as it was given, or begin without a cursor")
        })
    }

    /// The place of a list that counts its items.
    ///
    /// # Errors
    /// As [`PageQuery::place`].
    pub fn position(&self) -> Result<usize, Problem> {
        Ok(self.place()?.unwrap_or(0))
    }

    /// The place of a list of runs.
    ///
    /// # Errors
    /// As [`PageQuery::place`].
    pub fn run_cursor(&self) -> Result<Option<RunId>, Problem> {
        Ok(self.place::<uuid::Uuid>()?.map(RunId))
    }
}

/// A page that also says in a `Link` header where the next one is.
#[derive(Clone, Debug)]
pub struct Linked<T> {
    /// The page.
    pub page: T,
    /// The cursor of the next one.
    pub next: Option<String>,
}

/// Carries the cursor to where the request's address is known.
#[derive(Clone, Debug)]
pub(super) struct NextCursor(String);

impl<T: Serialize> IntoResponse for Linked<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.page).into_response();
        if let Some(next) = self.next {
            response.extensions_mut().insert(NextCursor(next));
        }
        response
    }
}

impl NextCursor {
    /// Adds `Link: <...>; rel="next"`: the same request with another cursor.
    pub(super) fn link(response: &mut Response, uri: &Uri) {
        let Some(NextCursor(cursor)) = response.extensions_mut().remove() else { return };
        let mut pairs: Vec<&str> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
            .collect();
        let cursor = format!("cursor={cursor}");
        pairs.push(&cursor);
        let link = format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&"));
        if let Ok(link) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(LINK, link);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_kept() {
        let limit = |n| PageQuery::of(n, None).limit();
        assert_eq!(
            [limit(None), limit(Some(0)), limit(Some(7)), limit(Some(9999))],
            [50, 1, 7, 500]
        );
    }

    #[test]
    fn cursors_come_back() {
        let at = |cursor: &str| PageQuery::of(None, Some(cursor.to_owned()));
        assert_eq!(PageQuery::default().position().unwrap(), 0);
        assert_eq!(at(&PageQuery::cursor_at(150)).position().unwrap(), 150);
        let run = RunId(uuid::Uuid::from_u128(7));
        assert_eq!(at(&PageQuery::cursor_at(run)).run_cursor().unwrap(), Some(run));
        for wrong in ["", "150", "!!", &PageQuery::cursor_at("x"), &PageQuery::cursor_at(-1)] {
            assert_eq!(at(wrong).position().unwrap_err().code, Code::BadCursor, "{wrong}");
        }
    }

    #[test]
    fn the_link_is_the_same_request_further_on() {
        let link = |uri: &str| {
            let mut response = Linked { page: 1, next: Some(String::from("abc")) }.into_response();
            NextCursor::link(&mut response, &uri.parse().unwrap());
            response.headers()[LINK].to_str().unwrap().to_owned()
        };
        assert_eq!(link("/api/v1/runs"), "</api/v1/runs?cursor=abc>; rel=\"next\"");
        assert_eq!(
            link("/api/v1/runs?plan=erp&cursor=old&limit=5"),
            "</api/v1/runs?plan=erp&limit=5&cursor=abc>; rel=\"next\""
        );
    }
}
