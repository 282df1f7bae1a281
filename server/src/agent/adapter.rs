//! The agent as everybody else sees it.

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Capabilities, FenceDomain, FenceLevel, Instance, Observation, Observed,
    OpContext, OpId, OpStatus, Operation, Outcome, Query, Receipt, SiteAdapter, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};

use super::Agent;

#[async_trait]
impl SiteAdapter for Agent {
    fn site(&self) -> &SiteName {
        &self.inner.site
    }

    /// The backend's, with the guard that this agent adds. It holds as long as nobody else has the
    /// backend's secrets.
    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        let mut found = self.inner.backend.capabilities().await?;
        for level in found.operations.values_mut() {
            *level = (*level).max(FenceLevel::AgentEnforced);
        }
        Ok(found)
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        self.inner.backend.inventory().await
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        self.inner.backend.surroundings().await
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        self.inner.execute(ctx, op).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        // What nobody waits for here may have ended long ago.
        for object in objects(query) {
            self.inner.refresh(&object).await;
        }
        // Before the look: an operation that ends in between is listed although it had its effect,
        // never the other way round.
        let pending: Vec<OpId> = {
            let state = self.inner.state();
            objects(query).iter().flat_map(|object| state.pending(object)).collect()
        };
        let mut observed = self.inner.backend.query(query).await?;
        for id in pending {
            if !observed.pending.contains(&id) {
                observed.pending.push(id);
            }
        }
        if let Observation::Alive { high_water } = &mut observed.state {
            *high_water = self.inner.state().high_water().max(*high_water);
        }
        Ok(observed)
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.inner.status(*id).await
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        self.inner.cancel(*id).await
    }

    async fn raise_fence(&self, domain: &FenceDomain, token: Token) -> Outcome<Token> {
        let (inner, domain) = (self.inner.clone(), domain.clone());
        // A fence that was begun is raised, whoever goes away.
        let work = async move { inner.raise(domain, token).await };
        let raised = self.inner.tasks.run(work).await;
        raised.unwrap_or_else(|_| Outcome::unknown("the agent was cut off"))
    }
}

/// The objects of operations that could change what the query looks at, as
/// [`Operation::object`] names them.
fn objects(query: &Query) -> Vec<String> {
    match query {
        Query::Group(group) => vec![format!("group/{group}"), format!("mount/{group}")],
        Query::Vm(Instance::Production(vm)) => vec![format!("vm/{vm}")],
        Query::Vm(Instance::Test(vm, tag)) => vec![format!("vm/{vm}/{tag}")],
        Query::Host(host) => vec![format!("host/{host}")],
        Query::Clone { clone, .. } => vec![format!("clone/{clone}"), format!("mount/{clone}")],
        Query::Bubble(name) => vec![format!("bubble/{name}")],
        Query::Fence(site) => vec![format!("fence/{site}")],
        Query::Witness(_) | Query::Leftovers(_) | Query::Alive => Vec::new(),
    }
}
