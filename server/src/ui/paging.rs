//! Rows of a long list, by number, with links that keep the filter.

use muster_web::part::Paging;
use muster_web::route::encode;

/// A page of `limit` rows out of `total`; `path` with its `query` is the list itself.
pub(super) fn paging(
    path: &str,
    query: &[(&str, &str)],
    anchor: &str,
    skip: u64,
    shown: usize,
    total: usize,
    limit: u64,
) -> Paging {
    let (shown, total) = (shown as u64, total as u64);
    let link = |skip: u64| format!("{}{anchor}", with_query(path, query, skip));
    Paging {
        from: if shown == 0 { 0 } else { skip + 1 },
        to: if shown == 0 { 0 } else { skip + shown },
        total,
        previous: (skip > 0).then(|| link(skip.saturating_sub(limit))),
        next: (skip + shown < total).then(|| link(skip + shown)),
    }
}

/// A path with the fields of a query that are not empty.
pub(super) fn with_query(path: &str, query: &[(&str, &str)], skip: u64) -> String {
    let mut parts: Vec<String> = query
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    if skip > 0 {
        parts.push(format!("skip={skip}"));
    }
    if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_filter() {
        let page = paging("/runs", &[("plan", "a&b"), ("kind", "")], "#x", 50, 50, 120, 50);
        assert_eq!((page.from, page.to, page.total), (51, 100, 120));
        assert_eq!(page.previous.as_deref(), Some("/runs?plan=a%26b#x"));
        assert_eq!(page.next.as_deref(), Some("/runs?plan=a%26b&skip=100#x"));
    }

    #[test]
    fn an_empty_list_has_no_rows_and_no_links() {
        assert_eq!(paging("/runs", &[], "", 0, 0, 0, 50), Paging::default());
    }
}
