//! How browsers reach a server that stands behind a proxy.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;

/// The address at which browsers reach the server: `https://muster.example`. A proxy that ends TLS
/// may send another `Host` on, so what browsers call the server cannot be seen from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why an address is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no public address; expected `https://HOST` or `https://HOST:PORT`, and no path")]
pub struct NotPublic(String);

impl PublicUrl {
    /// As browsers send it in `Origin`.
    pub fn origin(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = NotPublic;

    fn from_str(text: &str) -> Result<PublicUrl, NotPublic> {
        let wrong = || NotPublic(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        let usual = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(wrong()),
        };
        let plain = uri.path() == "/" && uri.query().is_none() && !text.contains(['@', '#']);
        if !plain || authority.host().is_empty() {
            return Err(wrong());
        }
        // Browsers leave the usual port out.
        let port = uri.port_u16().filter(|port| *port != usual);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let host = authority.host().to_ascii_lowercase();
        Ok(PublicUrl(format!("{scheme}://{host}{port}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_what_browsers_send() {
        for (text, origin) in [
            ("https://Muster.example/", "https://muster.example"),
            ("https://muster.example:443", "https://muster.example"),
            ("https://muster.example:8443", "https://muster.example:8443"),
            ("http://[fd00::1]:80", "http://[fd00::1]"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().origin(), origin, "{text}");
        }
        for text in [
            "muster.example",
            "ftp://muster.example",
            "https://muster.example/path",
            "https://muster.example?x",
            "https://me@muster.example",
            "https://",
            "",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(NotPublic(text.to_owned())), "{text}");
        }
    }
}
