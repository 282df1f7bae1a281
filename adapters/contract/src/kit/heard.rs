//! Listens to everything that an agent says, for secrets in it.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};
use serde::Serialize;

use crate::agent::SiteAdapter;
use crate::capability::Capabilities;
use crate::context::{OpContext, OpId};
use crate::error::AdapterError;
use crate::observed::Observed;
use crate::operation::Operation;
use crate::outcome::{OpStatus, Outcome, Receipt};
use crate::query::Query;
use crate::token::{FenceDomain, Token};

/// An agent that is listened to.
pub(super) struct Heard<'a> {
    agent: &'a dyn SiteAdapter,
    secrets: &'a [String],
    /// Where a secret was heard; never the secret.
    found: Mutex<Vec<String>>,
}

impl<'a> Heard<'a> {
    pub(super) fn new(agent: &'a dyn SiteAdapter, secrets: &'a [String]) -> Heard<'a> {
        Heard { agent, secrets, found: Mutex::default() }
    }

    /// Where a secret was heard so far.
    pub(super) fn found(&self) -> Vec<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hear<T: Serialize>(&self, whence: &str, said: T) -> T {
        if !self.secrets.is_empty() {
            // A tree of plain values: serialising it cannot fail.
            let text = serde_json::to_string(&said).unwrap_or_default();
            if self.secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret)) {
                let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                found.push(whence.to_owned());
            }
        }
        said
    }

    fn hear_all<T: Serialize>(
        &self,
        whence: &str,
        said: Result<T, AdapterError>,
    ) -> Result<T, AdapterError> {
        match said {
            Ok(said) => Ok(self.hear(whence, said)),
            Err(error) => Err(self.hear(whence, error)),
        }
    }
}

#[async_trait]
impl SiteAdapter for Heard<'_> {
    fn site(&self) -> &SiteName {
        self.agent.site()
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        self.hear_all("its capabilities", self.agent.capabilities().await)
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        self.hear_all("its inventory", self.agent.inventory().await)
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        self.hear_all("its surroundings", self.agent.surroundings().await)
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        self.hear("the answer to an operation", self.agent.execute(ctx, op).await)
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.hear_all("the answer to a query", self.agent.query(query).await)
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.hear_all("what became of an operation", self.agent.operation(id).await)
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        self.hear("the answer to a cancel", self.agent.cancel(id).await)
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        self.hear("the answer to a fence", self.agent.raise_fence(domain, token).await)
    }
}
