//! Static files inside the binary, under names that carry the hash of their content.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// A static file, ready to be sent.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Value of `ETag`, with its quotes.
    pub etag: String,
    /// The name that was asked for holds the hash of this very content: it may be cached for good.
    /// Otherwise a page of an older server asked, and the answer must not be cached.
    pub immutable: bool,
}

/// The file behind a path below `/assets/`, with or without a hash in its name.
pub fn asset(path: &str) -> Option<Asset> {
    let (name, hash) = split(path);
    let file = Files::get(&name)?;
    let real = short_hash(&file.metadata.sha256_hash());
    Some(Asset {
        content_type: content_type(&name)?,
        immutable: hash == Some(real.as_str()),
        etag: format!("\"{real}\""),
        bytes: file.data,
    })
}

/// Where pages find a file: `/assets/app.1f2e3d4c5b6a7980.css` for `app.css`. A name that does not
/// exist comes back without a hash, and answers 404; a test renders all pages and looks for those.
pub fn asset_url(name: &str) -> String {
    match (Files::get(name), name.rsplit_once('.')) {
        (Some(file), Some((stem, extension))) => {
            let hash = short_hash(&file.metadata.sha256_hash());
            format!("/assets/{stem}.{hash}.{extension}")
        }
        _ => format!("/assets/{name}"),
    }
}

/// `app.HASH.css` is `app.css` and the hash; `app.css` is itself.
fn split(path: &str) -> (String, Option<&str>) {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        [stem, hash, extension] if hash.len() == 16 => (format!("{stem}.{extension}"), Some(hash)),
        _ => (path.to_owned(), None),
    }
}

/// Sixteen hex digits: enough to tell versions of one file apart.
fn short_hash(sha256: &[u8; 32]) -> String {
    sha256[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Only the types that this crate ships; an unknown extension is not served at all.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_url_leads_back_to_its_file_for_good() {
        let url = asset_url("app.css");
        let found = asset(url.strip_prefix("/assets/").unwrap()).unwrap();
        assert!(found.immutable);
        assert_eq!(found.content_type, "text/css; charset=utf-8");
        assert!(url.contains(found.etag.trim_matches('"')));
    }

    #[test]
    fn an_old_hash_gets_the_file_of_today_uncached() {
        let found = asset("app.0123456789abcdef.css").unwrap();
        assert!(!found.immutable);
    }

    #[test]
    fn nothing_outside_is_served() {
        for path in ["../Cargo.toml", "/etc/passwd", "app", "", "..%2fCargo.toml", "app.css/.."] {
            assert!(asset(path).is_none(), "{path}");
        }
    }
}
