//! The traits.

use async_trait::async_trait;
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};

use crate::capability::Capabilities;
use crate::context::{OpContext, OpId};
use crate::error::{AdapterError, ErrorClass};
use crate::observed::Observed;
use crate::operation::{FencingOp, HypervisorOp, Operation, StorageOp};
use crate::outcome::{OpStatus, Outcome, Receipt};
use crate::query::Query;
use crate::token::{FenceDomain, Token};

/// A site as the engine sees it: its agent, in this process or over HTTP.
///
/// Cancel safety: dropping the future of `execute` leaves the operation as it is; ask
/// [`SiteAdapter::operation`] what became of it.
#[async_trait]
pub trait SiteAdapter: Send + Sync {
    /// The site.
    fn site(&self) -> &SiteName;

    /// What it can do.
    async fn capabilities(&self) -> Result<Capabilities, AdapterError>;

    /// Everything there.
    async fn inventory(&self) -> Result<SiteInventory, AdapterError>;

    /// Links and witnesses, as measured from this site.
    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError>;

    /// Does it. The answer is a claim; the postcondition is read back with [`SiteAdapter::query`].
    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt>;

    /// Looks.
    async fn query(&self, query: &Query) -> Result<Observed, AdapterError>;

    /// What became of an operation.
    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError>;

    /// Whether nothing that was asked of an object before can still have an effect, by the word of the products
    /// that do it; the object is named as [`Operation::object`] names it. It settles what became of an
    /// operation whose answer was lost, where the products keep no operation ids: its effect is there by now,
    /// or never comes. `false`: it may still come; ask again.
    ///
    /// # Errors
    /// `Unsupported` where nobody can ever say.
    async fn is_idle(&self, _object: &str) -> Result<bool, AdapterError> {
        Err(cannot_say())
    }

    /// Asks to stop an operation: `Done` where it had not started or was undone.
    async fn cancel(&self, id: &OpId) -> Outcome<()>;

    /// Makes everything in the domain that carries a lower token impossible, from now on. Answers
    /// with the floor that now holds.
    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token>;
}

/// Storage of one product.
#[async_trait]
pub trait StorageAdapter: Send + Sync {
    /// Does it; called with one operation per object at a time.
    async fn apply(&self, ctx: &OpContext, op: &StorageOp) -> Outcome<Receipt>;
    /// Answers `Group`, `Clone` and `Witness`.
    async fn query(&self, query: &Query) -> Result<Observed, AdapterError>;
    /// Fills in containers, endpoints, volumes and groups.
    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError>;
    /// Third parties that say which site lives, where the storage has one.
    async fn witnesses(&self) -> Result<Vec<Witness>, AdapterError> {
        Ok(Vec::new())
    }
    /// See [`SiteAdapter::is_idle`], of its own objects.
    async fn is_idle(&self, _object: &str) -> Result<bool, AdapterError> {
        Err(cannot_say())
    }
}

/// A hypervisor of one product.
#[async_trait]
pub trait HypervisorAdapter: Send + Sync {
    /// Does it; called with one operation per object at a time.
    async fn apply(&self, ctx: &OpContext, op: &HypervisorOp) -> Outcome<Receipt>;
    /// Answers `Vm`, `Host` and `Bubble`.
    async fn query(&self, query: &Query) -> Result<Observed, AdapterError>;
    /// Fills in managers, clusters, hosts, networks and VMs.
    async fn inventory(&self, into: &mut SiteInventory) -> Result<(), AdapterError>;
    /// See [`SiteAdapter::is_idle`], of its own objects.
    async fn is_idle(&self, _object: &str) -> Result<bool, AdapterError> {
        Err(cannot_say())
    }
}

/// Fencing of one product.
#[async_trait]
pub trait FencingAdapter: Send + Sync {
    /// Does it; called with one operation per object at a time.
    async fn apply(&self, ctx: &OpContext, op: &FencingOp) -> Outcome<Receipt>;
    /// Answers `Fence`.
    async fn query(&self, query: &Query) -> Result<Observed, AdapterError>;
    /// See [`SiteAdapter::is_idle`], of its own objects.
    async fn is_idle(&self, _object: &str) -> Result<bool, AdapterError> {
        Err(cannot_say())
    }
}

fn cannot_say() -> AdapterError {
    AdapterError::new(ErrorClass::Unsupported, "it cannot say whether anything is under way")
}
