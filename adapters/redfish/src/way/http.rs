//! One request to a BMC, one answer, both bounded.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect, retry};
use serde_json::Value;

use super::said;
use super::tls::{believing, fingerprint};
use crate::account::Account;
use crate::config::RedfishConfig;
use crate::error::{Error, tidy};

/// How much of an answer is read.
const ANSWER: usize = 1 << 20;

/// Where a BMC may be: `https://HOST[:PORT]`, and `http://` on this machine only, since the password goes with each
/// request.
pub(crate) fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.path() == "/";
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let near = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (bare && (url.scheme() == "https" || url.scheme() == "http" && near)).then_some(url)
}

/// A connection pool to one BMC.
pub(super) struct Http {
    client: Client,
    root: Url,
    account: Account,
    answer: Duration,
}

impl Http {
    pub(super) fn new(config: &RedfishConfig, answer: Duration) -> Result<Http, String> {
        let root = address(&config.address).ok_or("its address is none")?;
        let builder = Client::builder()
            // It could carry the password and the command to somebody else.
            .redirect(redirect::Policy::none())
            // A BMC is reached directly; the environment's proxies are for the internet.
            .no_proxy()
            // A command goes out once, or its end is not known.
            .retry(retry::never())
            .http1_only()
            // BMCs close what is idle, and have few connections.
            .pool_idle_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(1);
        let pinned = config.fingerprint.as_deref().and_then(fingerprint);
        let builder = believing(builder, config.ca_file.as_deref(), pinned)?;
        let client = builder.build().map_err(|error| innermost(&error))?;
        let account = Account { user: config.user.clone(), file: config.password_file.clone() };
        Ok(Http { client, root, account, answer })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Error> {
        let (status, bytes) = self.send(self.client.get(self.url(path)?)).await?;
        if status != StatusCode::OK {
            return Err(said::refusal(status, &bytes));
        }
        serde_json::from_slice(&bytes).map_err(|error| Error::Nonsense(error.to_string()))
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<(), Error> {
        let request = self.client.post(self.url(path)?).json(body);
        let (status, bytes) = self.send(request).await?;
        if status.is_success() { Ok(()) } else { Err(said::refusal(status, &bytes)) }
    }

    /// An address that a BMC told, at that BMC.
    fn url(&self, path: &str) -> Result<Url, Error> {
        let url = self.root.join(path).ok().filter(|url| url.origin() == self.root.origin());
        let foreign = || Error::Unsupported(format!("`{}` is not at this BMC", tidy(path)));
        url.ok_or_else(foreign)
    }

    async fn send(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Error> {
        let password = self.account.password()?;
        let request = request
            .basic_auth(&self.account.user, Some(password.reveal()))
            .header(reqwest::header::ACCEPT, "application/json")
            // Redfish asks for it.
            .header("OData-Version", "4.0")
            // Covers the body too.
            .timeout(self.answer);
        let whole = async {
            let response = request.send().await?;
            let status = response.status();
            Ok((status, read(response).await?))
        };
        let (status, bytes) = whole.await.map_err(|error| self.failure(error))?;
        match bytes {
            Some(bytes) => Ok((status, bytes)),
            None => Err(Error::Nonsense(format!("it has more than {ANSWER} bytes"))),
        }
    }

    fn failure(&self, error: reqwest::Error) -> Error {
        if error.is_connect() {
            return Error::Unreachable(innermost(&error));
        }
        if error.is_timeout() {
            return Error::Silent(self.answer.as_secs());
        }
        Error::Broken(innermost(&error))
    }
}

/// `None`: there is too much of it.
async fn read(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// The last cause says what happened; those above it say which layer saw it, and where.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    tidy(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_through_tls_or_stays_on_this_machine() {
        for good in
            ["https://bmc-1", "https://10.0.0.1:8443", "http://127.0.0.1:8000", "http://[::1]"]
        {
            assert!(address(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "bmc-1",
            "http://10.0.0.1",
            "http://localhost",
            "https://u:p@bmc",
            "https://bmc/redfish",
            "https://bmc?x",
            "ftp://127.0.0.1",
            "https://",
        ] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }
}
