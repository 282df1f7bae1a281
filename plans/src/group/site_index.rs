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
#[derive(Debug, Default)]
pub(super) struct SiteIndex {
    containers: Map<ContainerId, u32>,
    capabilities: Vec<BTreeMap<CapabilityId, PropertyValues>>,
    /// Place of each volume's leg in `legs`; [`ALONE`]: it does not replicate.
    volumes: Map<VolumeId, u32>,
    legs: Vec<Leg>,
}

/// Consistency groups of all sites: each gets a number when a site first names it.
#[derive(Debug, Default)]
pub(super) struct Storages<'i> {
    places: Map<&'i str, StorageIx>,
    /// By number.
    pub(super) ids: Vec<ConsistencyGroupId>,
}

impl<'i> Storages<'i> {
    fn place(&mut self, id: &'i ConsistencyGroupId) -> StorageIx {
        *self.places.entry(id.as_str()).or_insert_with(|| {
            self.ids.push(id.clone());
            (self.ids.len() - 1) as StorageIx
        })
    }
}

impl SiteIndex {
    pub(super) fn new<'i>(
        site: &'i SiteInventory,
        names: &mut SiteNames,
        storages: &mut Storages<'i>,
    ) -> SiteIndex {
        storages.places.reserve(site.groups.len().saturating_sub(storages.ids.len()));
        let mut legs = Vec::with_capacity(site.groups.len());
        let mut leg_of: Vec<u32> = Vec::with_capacity(site.groups.len());
        for group in &site.groups {
            let storage = storages.place(&group.id);
            let peer = names.place(&group.peer);
            let (writable, generation) = (group.writable, group.generation);
            leg_of.resize(storages.ids.len(), ALONE);
            leg_of[storage as usize] = legs.len() as u32;
            legs.push(Leg { storage, peer, writable, generation });
        }
        let find = |group: &ConsistencyGroupId| {
            let storage = *storages.places.get(group.as_str())?;
            leg_of.get(storage as usize).copied()
        };
        // Volumes of one group mostly stand side by side: most are where the one before was.
        let mut before: Option<(&ConsistencyGroupId, u32)> = None;
        let volumes = site.volumes.iter().map(|volume| {
            let place = volume.group.as_ref().map_or(ALONE, |group| match before {
                Some((known, place)) if known == group => place,
                _ => {
                    let place = find(group).unwrap_or(ALONE);
                    before = Some((group, place));
                    place
                }
            });
            (volume.id.clone(), place)
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
