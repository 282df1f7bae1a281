//! The client side: a site whose agent runs in another process.

mod failure;
mod options;
mod transport;

use std::time::Duration;

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, Observed, OpContext, OpId, OpStatus,
    Operation, Outcome, PROTOCOL_VERSION, Query, Receipt, SiteAdapter, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};
use serde::de::DeserializeOwned;

pub use options::{Now, RemoteError, RemoteOptions};

use crate::wire::{FenceRequest, OperationRequest, Surroundings, operation_path};
use failure::Failure;
use transport::Transport;

pub(crate) use transport::client as http;

/// What the client makes of an agent's answer to a question: an HTTP status and a body.
///
/// # Errors
/// What the agent said instead, or that its answer makes no sense.
pub fn understand<T: DeserializeOwned>(
    site: &SiteName,
    status: u16,
    body: &[u8],
) -> Result<T, AdapterError> {
    let known = reqwest::StatusCode::from_u16(status);
    let known = known.map_err(|_| Failure::Nonsense(format!("{status} is no HTTP status")));
    known.and_then(|status| transport::understood(status, body)).map_err(|f| f.error(site))
}

/// A site behind the adapter protocol.
///
/// An operation whose answer was lost is always [`Outcome::Unknown`], also where the connection was
/// refused before anything was sent: a refusal would say that no *earlier* request of the same
/// operation id had an effect either, and only the agent can know that.
pub struct RemoteSite {
    site: SiteName,
    transport: Transport,
    options: RemoteOptions,
}

impl RemoteSite {
    /// A site at an address such as `https://paris.example:7443` or, of many behind one address,
    /// `http://127.0.0.1:7000/sites/paris`. Connects only when asked something.
    ///
    /// # Errors
    /// [`RemoteError`] where the address or a certificate cannot be used.
    pub fn new(
        site: SiteName,
        address: &str,
        options: RemoteOptions,
    ) -> Result<RemoteSite, RemoteError> {
        let transport = Transport::new(address, &options)?;
        Ok(RemoteSite { site, transport, options })
    }

    /// A site whose name is not known: its agent is asked for it.
    ///
    /// # Errors
    /// As [`RemoteSite::new`]; [`RemoteError::Silent`] where no agent answers.
    pub async fn discover(
        address: &str,
        options: RemoteOptions,
    ) -> Result<RemoteSite, RemoteError> {
        let transport = Transport::new(address, &options)?;
        let asked: Result<Capabilities, Failure> =
            transport.get("/capabilities", options.query_timeout).await;
        let silent =
            |failure: Failure| RemoteError::Silent(failure.error(&SiteName::from(address)).message);
        let site = asked.map_err(silent)?.site;
        Ok(RemoteSite { site, transport, options })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        limit: Duration,
    ) -> Result<T, AdapterError> {
        self.transport.get(path, limit).await.map_err(|failure| failure.error(&self.site))
    }

    fn of_this_site(&self, site: &SiteName) -> Result<(), AdapterError> {
        if *site == self.site {
            return Ok(());
        }
        Err(AdapterError::new(
            ErrorClass::Bug,
            format!("the agent of site `{}` answers as `{site}`", self.site),
        ))
    }

    fn unknown<T>(&self, failure: Failure) -> Outcome<T> {
        Outcome::unknown(failure.error(&self.site).message)
    }
}

#[async_trait]
impl SiteAdapter for RemoteSite {
    fn site(&self) -> &SiteName {
        &self.site
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        let found: Capabilities = self.get("/capabilities", self.options.query_timeout).await?;
        self.of_this_site(&found.site)?;
        if found.protocol == PROTOCOL_VERSION {
            return Ok(found);
        }
        Err(AdapterError::new(
            ErrorClass::Unsupported,
            format!(
                "the agent of site `{}` speaks version {} of the adapter protocol; version \
                 {PROTOCOL_VERSION} is needed",
                self.site, found.protocol
            ),
        ))
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        let found: SiteInventory = self.get("/inventory", self.options.inventory_timeout).await?;
        self.of_this_site(&found.site)?;
        Ok(found)
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        let found: Surroundings = self.get("/surroundings", self.options.query_timeout).await?;
        Ok((found.links, found.witnesses))
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let body = OperationRequest { context: ctx.clone(), operation: op.clone() };
        let left = ctx.deadline.since((self.options.now)());
        // A slack in which the agent can say that it gave up.
        let limit = Duration::from_millis(left.0).saturating_add(self.options.slack);
        let answer = self.transport.post_within("/operations", &body, left, limit).await;
        answer.unwrap_or_else(|failure| self.unknown(failure))
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        let answer = self.transport.post("/query", Some(query), self.options.query_timeout).await;
        answer.map_err(|failure| failure.error(&self.site))
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.get(&operation_path(id), self.options.query_timeout).await
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        let path = format!("{}/cancel", operation_path(id));
        let answer = self.transport.post(&path, None::<&()>, self.options.query_timeout).await;
        answer.unwrap_or_else(|failure| self.unknown(failure))
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        let body = FenceRequest { domain: domain.clone(), token };
        let answer = self.transport.post("/fence", Some(&body), self.options.fence_timeout).await;
        answer.unwrap_or_else(|failure| self.unknown(failure))
    }
}
