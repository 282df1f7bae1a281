//! One site by id, as far as membership depends on it.

use std::collections::{BTreeMap, HashMap};

use super::index::StorageIx;
use crate::id::{ConsistencyGroupId, ContainerId, SiteName, VolumeId};
use crate::inventory::SiteInventory;
use crate::policy::{CapabilityId, PropertyValues};

/// Place of a site in [`SiteNames`].
pub(super) type SiteIx = usize;

/// All sites that anything names. Those of the inventory come first.
#[derive(Debug)]
pub(super) struct SiteNames(Vec<SiteName>);

impl SiteNames {
    pub(super) fn new<'a>(known: impl Iterator<Item = &'a SiteName>) -> SiteNames {
        SiteNames(known.cloned().collect())
    }

    /// The place of a site; a new one where nothing named it before.
    pub(super) fn place(&mut self, name: &SiteName) -> SiteIx {
        self.find(name).unwrap_or_else(|| {
            self.0.push(name.clone());
            self.0.len() - 1
        })
    }

    /// The place of a site.
    pub(super) fn find(&self, name: &SiteName) -> Option<SiteIx> {
        self.0.iter().position(|known| known == name)
    }

    pub(super) fn name(&self, ix: SiteIx) -> &SiteName {
        &self.0[ix]
    }
}

/// A leg of a consistency group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) storage: StorageIx,
    pub(super) peer: SiteIx,
    pub(super) writable: bool,
    pub(super) generation: u64,
}

/// One site by id.
#[derive(Debug)]
pub(super) struct SiteIndex {
    containers: HashMap<ContainerId, u32>,
    capabilities: Vec<BTreeMap<CapabilityId, PropertyValues>>,
    /// `None`: the volume does not replicate.
    volumes: HashMap<VolumeId, Option<Leg>>,
}

impl SiteIndex {
    pub(super) fn new(
        site: &SiteInventory,
        names: &mut SiteNames,
        storage: &mut HashMap<ConsistencyGroupId, StorageIx>,
    ) -> SiteIndex {
        let mut legs: HashMap<&ConsistencyGroupId, Leg> = HashMap::new();
        for group in &site.groups {
            let next = storage.len() as StorageIx;
            let storage = *storage.entry(group.id.clone()).or_insert(next);
            let peer = names.place(&group.peer);
            let (writable, generation) = (group.writable, group.generation);
            legs.insert(&group.id, Leg { storage, peer, writable, generation });
        }
        let volumes = site.volumes.iter().map(|volume| {
            let leg = volume.group.as_ref().and_then(|group| legs.get(group).copied());
            (volume.id.clone(), leg)
        });
        let containers = site.containers.iter().enumerate();
        SiteIndex {
            volumes: volumes.collect(),
            capabilities: site.containers.iter().map(|c| c.capabilities.clone()).collect(),
            containers: containers.map(|(ix, c)| (c.id.clone(), ix as u32)).collect(),
        }
    }

    pub(super) fn container(&self, id: &ContainerId) -> Option<u32> {
        self.containers.get(id).copied()
    }

    pub(super) fn advertised(&self, container: u32) -> &BTreeMap<CapabilityId, PropertyValues> {
        &self.capabilities[container as usize]
    }

    /// `None`: the site does not report the volume. `Some(None)`: it does not replicate.
    pub(super) fn volume(&self, id: &VolumeId) -> Option<Option<Leg>> {
        self.volumes.get(id).copied()
    }

    /// The leg that a volume replicates in.
    pub(super) fn leg(&self, id: &VolumeId) -> Option<Leg> {
        self.volume(id).flatten()
    }
}
