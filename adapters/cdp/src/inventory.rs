//! Everything that is here.

use std::fs;
use std::path::PathBuf;

use muster_adapter_pair::Leg;
use muster_contract::AdapterError;
use muster_plans::id::{EndpointId, VolumeId};
use muster_plans::inventory::{
    ConsistencyGroup, ProtocolEndpoint, ReplicationMode, SiteInventory, StorageContainer, Volume,
};

use crate::config::Mode;
use crate::error::Error;
use crate::mirror::Word;
use crate::store::{Cdp, Group, Look};
use crate::verb::clone::newest;
use muster_contract::name::check;

const GIB: u64 = 1 << 30;

impl Cdp {
    pub(crate) async fn list(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        let endpoint = EndpointId::from(format!("{}-mount", self.config.container));
        let up = self.root().is_dir();
        into.containers.push(self.container()?);
        let container = self.config.container.clone();
        into.endpoints.push(ProtocolEndpoint { id: endpoint.clone(), container, up });
        for group in self.groups() {
            let leg = group.leg.lock().await;
            let look = self.look(&group.id).await?;
            let mode = self.config.mode(&group.id);
            let mut ids = Vec::new();
            for (file, size) in self.files(&group, &leg, &look)? {
                let id = VolumeId::from(format!("{}/{file}", group.id));
                ids.push(id.clone());
                into.volumes.push(Volume {
                    id,
                    container: self.config.container.clone(),
                    endpoint: Some(endpoint.clone()),
                    size_gib: size.div_ceil(GIB),
                    group: Some(group.id.clone()),
                });
            }
            into.groups.push(ConsistencyGroup {
                id: group.id.clone(),
                mode: match mode {
                    Mode::Sync => ReplicationMode::Sync,
                    Mode::Incremental => ReplicationMode::Async,
                },
                peer: self.peer_site().clone(),
                volumes: ids,
                role: self.role(&group.id, &leg)?,
                writable: self.lets_write(&group, &leg),
                in_sync: leg.in_sync(&look.points) || self.mirror_holds(&group, &leg, &look).await,
                lag: self.lag(&group, &leg, &look).await,
                interval: (mode == Mode::Incremental).then(|| self.config.interval(&group.id)),
                generation: leg.generation,
                preferred: None,
                detach: None,
                points: crate::query::recoverable(&leg, &look, self.now()),
            });
        }
        Ok(())
    }

    fn container(&self) -> Result<StorageContainer, Error> {
        let root = self.root();
        let found = rustix::fs::statvfs(root)
            .map_err(|error| Error::io("cannot look at", root)(error.into()))?;
        let size_gib = self.config.size_gib.unwrap_or(found.f_blocks * found.f_frsize / GIB);
        let free_gib = (found.f_bavail * found.f_frsize / GIB).min(size_gib);
        let capabilities = self.config.capabilities.clone();
        Ok(StorageContainer { id: self.config.container.clone(), size_gib, free_gib, capabilities })
    }

    /// Where the newest state of a leg lies; `None`: a replica that has nothing yet.
    pub(crate) fn newest(
        &self,
        group: &Group,
        leg: &Leg,
        look: &Look,
    ) -> Result<Option<PathBuf>, Error> {
        if newest(leg, look.live) {
            return Ok(Some(self.layout.live(&group.id)?));
        }
        if look.mirror.as_ref().and_then(Word::point).is_some() {
            return Ok(Some(self.layout.mirror(&group.id)?));
        }
        let point = look.points.first().map(|point| self.layout.point(&group.id, point));
        Ok(point.transpose()?)
    }

    /// Files that can be volumes, and how large they are. What has a name that we could not have given
    /// is none of ours.
    fn files(&self, group: &Group, leg: &Leg, look: &Look) -> Result<Vec<(String, u64)>, Error> {
        let Some(folder) = self.newest(group, leg, look)? else { return Ok(Vec::new()) };
        let names = crate::disk::names(&folder)?.into_iter();
        let good = names.filter(|name| check(name).is_ok());
        let sized = good.filter_map(|name| {
            let found = fs::symlink_metadata(folder.join(&name)).ok()?;
            found.is_file().then_some((name, found.len()))
        });
        Ok(sized.collect())
    }
}
