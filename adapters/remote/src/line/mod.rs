//! A line to an agent that can be bent, for the conformance kit: a proxy on loopback that lets every
//! request arrive and does with the answer what it is told.

mod bend;
mod http;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muster_contract::SiteAdapter;
use muster_contract::kit::{Hand, Hook, Line};
use muster_plans::id::SiteName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::client::{self, RemoteError, RemoteOptions, RemoteSite};

/// How long the client at the end of a bent line waits for anything but an operation.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How long after an operation's deadline it waits.
const SLACK: Duration = Duration::from_millis(500);

/// A hand whose only hook is the line. Its lines end with it.
pub struct BentLine {
    site: SiteName,
    far: Arc<Far>,
    options: RemoteOptions,
    lines: Mutex<JoinSet<()>>,
}

/// The agent as the proxy reaches it.
struct Far {
    address: String,
    http: reqwest::Client,
}

impl BentLine {
    /// A line to the agent at an address, reached as these options say.
    ///
    /// # Errors
    /// [`RemoteError`] where the options cannot be used.
    pub fn new(
        site: SiteName,
        address: &str,
        options: RemoteOptions,
    ) -> Result<BentLine, RemoteError> {
        // The token is that of whoever speaks through the line.
        let http = client::http(&RemoteOptions { token: None, ..options.clone() })?;
        let far = Arc::new(Far { address: address.trim_end_matches('/').to_owned(), http });
        Ok(BentLine { site, far, options, lines: Mutex::default() })
    }

    /// What the client at the near end is told: TLS ends at the far one.
    fn near(&self, line: &Line) -> RemoteOptions {
        let token = match line {
            Line::Stranger(token) => Some(token.clone()),
            _ => self.options.token.clone(),
        };
        RemoteOptions {
            token,
            ca_pem: None,
            identity_pem: None,
            query_timeout: PATIENCE,
            fence_timeout: PATIENCE,
            slack: SLACK,
            ..self.options.clone()
        }
    }
}

#[async_trait]
impl Hand for BentLine {
    fn hooks(&self) -> BTreeSet<Hook> {
        BTreeSet::from([Hook::Line])
    }

    async fn line(&self, how: Line) -> Result<Arc<dyn SiteAdapter>, String> {
        let text = |error: std::io::Error| error.to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(text)?;
        let address = format!("http://{}", listener.local_addr().map_err(text)?);
        let near = RemoteSite::new(self.site.clone(), &address, self.near(&how));
        let near = near.map_err(|error| error.to_string())?;
        let work = accept(listener, self.far.clone(), Arc::new(how));
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).spawn(work);
        Ok(Arc::new(near))
    }
}

async fn accept(listener: TcpListener, far: Arc<Far>, line: Arc<Line>) {
    let mut open = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let (far, line) = (far.clone(), line.clone());
        open.spawn(async move {
            // A connection that breaks is what this is for.
            let _ = carry(socket, &far, &line).await;
        });
        while open.try_join_next().is_some() {}
    }
}

/// One request there, and something or nothing back.
async fn carry(mut socket: TcpStream, far: &Far, line: &Line) -> std::io::Result<()> {
    let mut request = http::read(&mut socket).await?;
    if *line == Line::NewerServer {
        request.body = bend::newer_request(&request.body);
    }
    let (status, body) = match far.ask(&request).await {
        Ok(answer) => answer,
        Err(error) => (502, error.to_string().into_bytes()),
    };
    let (status, body) = match line {
        Line::Silent => {
            // Until the client has had enough.
            let mut rest = [0; 64];
            while socket.read(&mut rest).await? > 0 {}
            return Ok(());
        }
        Line::Reset => {
            socket.set_zero_linger()?;
            return Ok(());
        }
        Line::Garbage(bytes) => (200, bytes.to_vec()),
        Line::NewerAgent => (status, bend::newer_answer(&body)),
        Line::Version(version) => (status, bend::version(&body, *version)),
        Line::Stranger(_) | Line::NewerServer => (status, body),
    };
    socket.write_all(&http::answer(status, &body)).await?;
    socket.shutdown().await
}

impl Far {
    async fn ask(&self, request: &http::Request) -> reqwest::Result<(u16, Vec<u8>)> {
        let url = format!("{}{}", self.address, request.path);
        let mut asked = if request.method == "GET" {
            self.http.get(url)
        } else {
            self.http.post(url).body(request.body.clone())
        };
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        let answer = asked.send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.bytes().await?.to_vec()))
    }
}
