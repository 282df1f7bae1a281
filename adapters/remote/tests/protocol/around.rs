//! Defects around an agent: a client that guesses, a server side that drops what it does not know, and
//! an array that keeps no snapshots.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use muster_adapter_remote::line::BentLine;
use muster_contract::kit::{Count, Hand, Hook, Line};
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, Observed, OpContext, OpId, OpStatus,
    Operation, Outcome, Query, Receipt, SiteAdapter, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};

/// All three, as the kit sees them.
pub(crate) struct Around(pub(crate) BentLine);

#[async_trait]
impl Hand for Around {
    fn hooks(&self) -> BTreeSet<Hook> {
        BTreeSet::from([Hook::Line, Hook::Snapshots])
    }

    async fn count(&self, _: &Count) -> Result<u64, String> {
        Ok(0)
    }

    async fn line(&self, how: Line) -> Result<Arc<dyn SiteAdapter>, String> {
        match how {
            // The field never comes to where it would be refused.
            Line::NewerServer => self.0.line(Line::NewerAgent).await,
            how => Ok(Arc::new(Guesses(self.0.line(how).await?))),
        }
    }
}

/// A client that takes no answer for a refusal.
struct Guesses(Arc<dyn SiteAdapter>);

#[async_trait]
impl SiteAdapter for Guesses {
    fn site(&self) -> &SiteName {
        self.0.site()
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        self.0.capabilities().await
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        self.0.inventory().await
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        self.0.surroundings().await
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        match self.0.execute(ctx, op).await {
            Outcome::Unknown(hint) => Outcome::refused(ErrorClass::Retry, hint.message),
            known => known,
        }
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.0.query(query).await
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.0.operation(id).await
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        self.0.cancel(id).await
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        self.0.raise_fence(domain, token).await
    }
}
