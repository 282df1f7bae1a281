//! How a remote site is reached.

use std::sync::Arc;
use std::time::Duration;

use muster_plans::time::Time;

use crate::wire::RESPONSE_LIMIT;

/// Says what time it is. Handed in, so that virtual time works too.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// How a remote site is reached. Start from [`RemoteOptions::new`].
#[derive(Clone)]
pub struct RemoteOptions {
    /// Against which deadlines are measured.
    pub now: Now,
    /// Sent as a bearer token.
    pub token: Option<String>,
    /// Certificates (PEM) to trust beside the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Certificate and key (PEM) to show, for mutual TLS.
    pub identity_pem: Option<Vec<u8>>,
    /// For a connection.
    pub connect_timeout: Duration,
    /// For queries, capabilities, surroundings, the state of an operation and a cancel.
    pub query_timeout: Duration,
    /// For an inventory.
    pub inventory_timeout: Duration,
    /// For raising a fence, which waits for what is under way.
    pub fence_timeout: Duration,
    /// How long after its deadline an operation's answer is waited for. With what the answer takes
    /// on the way this stays below the two seconds in which a deadline must be kept.
    pub slack: Duration,
    /// The largest answer in bytes.
    pub response_limit: usize,
}

impl RemoteOptions {
    /// Without a token, with the usual timeouts.
    pub fn new(now: Now) -> RemoteOptions {
        RemoteOptions {
            now,
            token: None,
            ca_pem: None,
            identity_pem: None,
            connect_timeout: Duration::from_secs(2),
            query_timeout: Duration::from_secs(10),
            inventory_timeout: Duration::from_secs(60),
            fence_timeout: Duration::from_secs(30),
            slack: Duration::from_millis(1500),
            response_limit: RESPONSE_LIMIT,
        }
    }
}

/// Why a remote site cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The address is none.
    #[error(
        "`{0}` is not the address of an agent; expected `http://HOST:PORT` or `https://HOST:PORT`, \
         a path at most, and no user, query or fragment"
    )]
    Address(String),
    /// The token cannot be sent in a header.
    #[error("the token holds characters that a header cannot carry")]
    Token,
    /// The agent does not say who it is.
    #[error("{0}")]
    Silent(String),
    /// TLS could not be set up.
    #[error("certificates or keys cannot be used: {0}")]
    Tls(String),
}
