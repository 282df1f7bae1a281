//! One request, one answer, both bounded.

use std::time::Duration;

use muster_plans::time::Span;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, Identity, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::options::{RemoteError, RemoteOptions};
use crate::wire::{ROOT, TIME_LEFT};

/// A connection pool to one agent.
pub(crate) struct Transport {
    client: Client,
    /// Address and [`ROOT`], without a slash at its end.
    root: String,
    response_limit: usize,
}

impl Transport {
    pub(crate) fn new(address: &str, options: &RemoteOptions) -> Result<Transport, RemoteError> {
        let root = format!("{}{ROOT}", checked(address)?);
        let client = client(options)?;
        Ok(Transport { client, root, response_limit: options.response_limit })
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        limit: Duration,
    ) -> Result<T, Failure> {
        self.send(self.client.get(format!("{}{path}", self.root)), limit).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&impl Serialize>,
        limit: Duration,
    ) -> Result<T, Failure> {
        let request = self.client.post(format!("{}{path}", self.root));
        let request = match body {
            Some(body) => with_body(request, body)?,
            None => request,
        };
        self.send(request, limit).await
    }

    /// As [`Transport::post`], of something that has to be over in so many milliseconds.
    pub(crate) async fn post_within<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        left: Span,
        limit: Duration,
    ) -> Result<T, Failure> {
        let request = self.client.post(format!("{}{path}", self.root)).header(TIME_LEFT, left.0);
        self.send(with_body(request, body)?, limit).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        limit: Duration,
    ) -> Result<T, Failure> {
        // The timeout covers the body too.
        let response = request.timeout(limit).send().await?;
        let status = response.status();
        let bytes = self.read(response).await?;
        understood(status, &bytes)
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > self.response_limit {
                let limit = self.response_limit;
                return Err(Failure::Nonsense(format!("it has more than {limit} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn with_body(request: RequestBuilder, body: &impl Serialize) -> Result<RequestBuilder, Failure> {
    let bytes = serde_json::to_vec(body).map_err(|e| Failure::Nonsense(e.to_string()))?;
    Ok(request.header(CONTENT_TYPE, "application/json").body(bytes))
}

/// What an answer says.
pub(super) fn understood<T: DeserializeOwned>(
    status: StatusCode,
    bytes: &[u8],
) -> Result<T, Failure> {
    if status == StatusCode::OK {
        return serde_json::from_slice(bytes).map_err(|e| Failure::Nonsense(e.to_string()));
    }
    Err(Failure::Status(status, serde_json::from_slice(bytes).ok()))
}

fn checked(address: &str) -> Result<&str, RemoteError> {
    let error = || RemoteError::Address(address.to_owned());
    let url = Url::parse(address).map_err(|_| error())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then(|| address.trim_end_matches('/')).ok_or_else(error)
}

/// A client that reaches one agent, as the options say.
pub(crate) fn client(options: &RemoteOptions) -> Result<Client, RemoteError> {
    crate::tls::install_provider();
    let tls = |error: reqwest::Error| RemoteError::Tls(error.to_string());
    let mut builder = Client::builder()
        .connect_timeout(options.connect_timeout)
        // A redirect could carry an operation to somebody who is not the site's agent.
        .redirect(reqwest::redirect::Policy::none())
        // An agent is reached directly; the environment's proxies are for the internet.
        .no_proxy()
        // Repeating is decided above, where operation ids are known.
        .retry(reqwest::retry::never())
        .http1_only()
        .default_headers(headers(options)?);
    if let Some(pem) = &options.ca_pem {
        builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem).map_err(tls)?);
    }
    if let Some(pem) = &options.identity_pem {
        builder = builder.identity(Identity::from_pem(pem).map_err(tls)?);
    }
    builder.build().map_err(tls)
}

fn headers(options: &RemoteOptions) -> Result<HeaderMap, RemoteError> {
    let mut headers = HeaderMap::new();
    if let Some(token) = &options.token {
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| RemoteError::Token)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}
