//! One site by id, as far as membership depends on it.

use std::collections::BTreeMap;

use super::hash::Map;
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

/// In place of a leg's place: the volume does not replicate.
const ALONE: u32 = u32::MAX;

/// One site by id.
#[derive(Debug)]
pub(super) struct SiteIndex {
    containers: Map<ContainerId, u32>,
    capabilities: Vec<BTreeMap<CapabilityId, PropertyValues>>,
    /// Place of each volume's leg in `legs`; [`ALONE`]: it does not replicate.
    volumes: Map<VolumeId, u32>,
    legs: Vec<Leg>,
}

impl SiteIndex {
    pub(super) fn new(
        site: &SiteInventory,
        names: &mut SiteNames,
        storage: &mut Map<ConsistencyGroupId, StorageIx>,
    ) -> SiteIndex {
        let mut places: Map<&ConsistencyGroupId, u32> = Map::default();
        let mut legs = Vec::with_capacity(site.groups.len());
        for group in &site.groups {
            let next = storage.len() as StorageIx;
            let storage = *storage.entry(group.id.clone()).or_insert(next);
            let peer = names.place(&group.peer);
            let (writable, generation) = (group.writable, group.generation);
            places.insert(&group.id, legs.len() as u32);
            legs.push(Leg { storage, peer, writable, generation });
        }
        let volumes = site.volumes.iter().map(|volume| {
            let place = volume.group.as_ref().and_then(|group| places.get(group).copied());
            (volume.id.clone(), place.unwrap_or(ALONE))
        });
        let containers = site.containers.iter().enumerate();
        SiteIndex {
            volumes: volumes.collect(),
            legs,
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
        let place = *self.volumes.get(id)?;
        Some(self.legs.get(place as usize).copied())
    }
}
