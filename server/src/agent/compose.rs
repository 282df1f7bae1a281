//! One site of several products.

use std::sync::Arc;

use async_trait::async_trait;
use muster_adapter_remote::client::Now;
use muster_contract::{
    AdapterError, Capabilities, ErrorClass, FenceDomain, FencingAdapter, HypervisorAdapter,
    Observation, Observed, OpContext, OpId, OpStatus, Operation, Outcome, Query, Receipt,
    SiteAdapter, StorageAdapter, Token,
};
use muster_plans::id::{RunTag, SiteName};
use muster_plans::inventory::{Link, SiteInventory, Witness};

use super::links::{self, Neighbour};

/// The products of a site.
pub struct Products {
    /// What they can do together.
    pub capabilities: Capabilities,
    /// Its storage.
    pub storage: Arc<dyn StorageAdapter>,
    /// Its hypervisor.
    pub hypervisor: Arc<dyn HypervisorAdapter>,
    /// Its fencing.
    pub fencing: Arc<dyn FencingAdapter>,
    /// Other sites whose links are measured from here.
    pub neighbours: Vec<Neighbour>,
    /// For the time of an inventory.
    pub now: Now,
}

/// Makes one backend of them, for [`super::Agent::open`]. It has no memory and knows no tokens: only
/// behind an agent is it what a site must be. An operation whose answer got lost stays open until the product
/// says that nothing is under way at its object, or a person does ([`super::Agent::settled`]).
pub fn compose(products: Products) -> impl SiteAdapter {
    Composed { products }
}

struct Composed {
    products: Products,
}

fn no_memory() -> AdapterError {
    AdapterError::new(ErrorClass::Unsupported, "the products keep no operation ids")
}

#[async_trait]
impl SiteAdapter for Composed {
    fn site(&self) -> &SiteName {
        &self.products.capabilities.site
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        Ok(self.products.capabilities.clone())
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        // The older end: what is read while the products answer is at least as new.
        let mut into = SiteInventory::empty(self.site().clone(), (self.products.now)());
        self.products.storage.inventory(&mut into).await?;
        self.products.hypervisor.inventory(&mut into).await?;
        Ok(into)
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        let (site, now) = (self.site(), (self.products.now)());
        let measured = self.products.neighbours.iter().map(|to| links::measure(site, to, now));
        let links = futures_util::future::join_all(measured).await;
        Ok((links, self.products.storage.witnesses().await?))
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        let kind = op.kind();
        if !self.products.capabilities.operations.contains_key(&kind) {
            let message = format!("site `{}` cannot do this: {kind:?}", self.site());
            return Outcome::refused(ErrorClass::Unsupported, message);
        }
        match op {
            Operation::Storage(op) => self.products.storage.apply(ctx, op).await,
            Operation::Hypervisor(op) => self.products.hypervisor.apply(ctx, op).await,
            Operation::Fencing(op) => self.products.fencing.apply(ctx, op).await,
        }
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        match query {
            Query::Group(_) | Query::Clone { .. } | Query::Witness(_) => {
                self.products.storage.query(query).await
            }
            Query::Vm(_) | Query::Host(_) | Query::Bubble(_) => {
                self.products.hypervisor.query(query).await
            }
            Query::Fence(_) => self.products.fencing.query(query).await,
            Query::Leftovers(tag) => self.leftovers(tag).await,
            Query::Alive => Ok(Observed {
                as_of: (self.products.now)(),
                pending: Vec::new(),
                state: Observation::Alive { high_water: Token::default() },
            }),
        }
    }

    async fn operation(&self, _: &OpId) -> Result<OpStatus, AdapterError> {
        Err(no_memory())
    }

    async fn is_idle(&self, object: &str) -> Result<bool, AdapterError> {
        match object.split('/').next() {
            Some("group" | "clone") => self.products.storage.is_idle(object).await,
            Some("fence") => self.products.fencing.is_idle(object).await,
            // One product wakes a host, another one switches it off.
            Some("host") => Ok(self.products.hypervisor.is_idle(object).await?
                && self.products.fencing.is_idle(object).await?),
            _ => self.products.hypervisor.is_idle(object).await,
        }
    }

    async fn cancel(&self, _: &OpId) -> Outcome<()> {
        let error = no_memory();
        Outcome::refused(error.class, error.message)
    }

    async fn raise_fence(&self, _: &FenceDomain, _: Token) -> Outcome<Token> {
        Outcome::refused(ErrorClass::Unsupported, "the products know no tokens")
    }
}

impl Composed {
    /// Storage has clones, the hypervisor has VMs and bubbles. One product may be both and then names
    /// everything twice.
    async fn leftovers(&self, tag: &RunTag) -> Result<Observed, AdapterError> {
        let query = Query::Leftovers(tag.clone());
        let mut seen = self.products.storage.query(&query).await?;
        let other = self.products.hypervisor.query(&query).await?;
        let (Observation::Leftovers(all), Observation::Leftovers(more)) =
            (&mut seen.state, other.state)
        else {
            return Err(AdapterError::new(ErrorClass::Bug, "an answer that is no list"));
        };
        all.extend(more);
        all.sort();
        all.dedup();
        seen.as_of = seen.as_of.min(other.as_of);
        seen.pending.extend(other.pending);
        Ok(seen)
    }
}
