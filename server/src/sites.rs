//! The agents of all sites, found by name.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use muster_contract::SiteAdapter;
use muster_engine::Sites;
use muster_plans::id::SiteName;

/// Which agent answers for which site. Replaced as a whole when documents change.
#[derive(Default)]
pub struct SiteRegistry {
    // Read for a moment on each operation, written when documents change; never held over an await.
    adapters: RwLock<BTreeMap<SiteName, Arc<dyn SiteAdapter>>>,
}

impl std::fmt::Debug for SiteRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.all().keys()).finish()
    }
}

impl SiteRegistry {
    /// Replaces all agents.
    pub fn replace(&self, adapters: BTreeMap<SiteName, Arc<dyn SiteAdapter>>) {
        *self.adapters.write().unwrap_or_else(PoisonError::into_inner) = adapters;
    }

    /// All agents.
    pub fn all(&self) -> BTreeMap<SiteName, Arc<dyn SiteAdapter>> {
        self.adapters.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sites for SiteRegistry {
    fn adapter(&self, site: &SiteName) -> Option<Arc<dyn SiteAdapter>> {
        self.adapters.read().unwrap_or_else(PoisonError::into_inner).get(site).cloned()
    }
}
