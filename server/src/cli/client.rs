//! The REST client of the command line.

use std::time::Duration;

use anyhow::Context;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::{Format, Server};

/// A server, reached with a token.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// How to print.
    pub(crate) format: Format,
}

impl Client {
    /// Reads the token and makes a client.
    ///
    /// # Errors
    /// Where the token file cannot be read.
    pub(crate) fn new(server: &Server) -> anyhow::Result<Client> {
        let token = match &server.token_file {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the token file {}", path.display()))?
                    .trim()
                    .to_owned(),
            ),
            None => server.token.clone(),
        };
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base = server.url.trim_end_matches('/').to_owned();
        Ok(Client { http, base, token, format: server.output })
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<reqwest::Response> {
        request.send().await.map_err(|error| {
            let base = &self.base;
            Failure::error(
                Exit::CouldNotRun,
                format!(
                    "no answer from {base}: {error}; is the server running? (MUSTER_URL, --url)"
                ),
            )
        })
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// The server's problem report, with its exit code.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let request = self.request(Method::GET, path).timeout(Duration::from_secs(60));
        Ok(accept(self.send(request).await?).await?.json().await?)
    }

    /// All pages of a list.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn list<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Vec<T>> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page<T> {
            items: Vec<T>,
            next_cursor: Option<String>,
        }
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let more = cursor.as_ref().map(|c| format!("&cursor={c}")).unwrap_or_default();
            let page: Page<T> = self.get(&format!("{path}{joint}limit=500{more}")).await?;
            all.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Posts a body.
    ///
    /// # Errors
    /// The server's problem report, with its exit code.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<T> {
        let request = self.request(Method::POST, path).timeout(Duration::from_secs(120)).json(body);
        Ok(accept(self.send(request).await?).await?.json().await?)
    }

    /// Changes something that was read at a version, without a body or with one.
    ///
    /// # Errors
    /// The server's problem report, with its exit code.
    pub(crate) async fn change<T: DeserializeOwned>(
        &self,
        (method, path): (Method, &str),
        version: u64,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let mut request = self
            .request(method, path)
            .timeout(Duration::from_secs(60))
            .header("if-match", format!("\"{version}\""));
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(accept(self.send(request).await?).await?.json().await?)
    }

    /// Posts under an idempotency key, so that a repeated request starts nothing twice.
    ///
    /// # Errors
    /// The server's problem report, with its exit code.
    pub(crate) async fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<T> {
        let request = self
            .request(Method::POST, path)
            .timeout(Duration::from_secs(120))
            .header("idempotency-key", crate::ids::request_id())
            .json(body);
        Ok(accept(self.send(request).await?).await?.json().await?)
    }
}

/// Passes a good answer on; makes an error of a problem report.
async fn accept(response: reqwest::Response) -> anyhow::Result<reqwest::Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let exit = match status {
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => {
            Exit::Usage
        }
        StatusCode::CONFLICT
        | StatusCode::FORBIDDEN
        | StatusCode::PRECONDITION_FAILED
        | StatusCode::PRECONDITION_REQUIRED => Exit::Refused,
        _ => Exit::CouldNotRun,
    };
    let text = response.text().await.unwrap_or_default();
    let (code, message) = match serde_json::from_str::<Value>(&text) {
        Ok(problem) => {
            (problem["code"].as_str().unwrap_or_default().to_owned(), describe(&problem))
        }
        Err(_) => (String::new(), format!("the server answered {status}: {text}")),
    };
    Err(Failure { exit, code, message }.into())
}

/// A problem report as lines: what, why, each finding, how to mend it.
fn describe(problem: &Value) -> String {
    let field = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut text = format!("{} [{}]", field(problem, "title"), field(problem, "code"));
    for name in ["detail", "help"] {
        let more = field(problem, name);
        if !more.is_empty() {
            text.push_str(&format!("\n  {more}"));
        }
    }
    for error in problem["errors"].as_array().into_iter().flatten() {
        let place = field(error, "pointer");
        text.push_str(&format!("\n  - {place} {}", field(error, "detail")));
        let help = field(error, "help");
        if !help.is_empty() {
            text.push_str(&format!("\n    {help}"));
        }
    }
    text
}
