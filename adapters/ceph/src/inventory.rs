//! Everything that is here.

use muster_contract::{AdapterError, ErrorClass};
use muster_plans::id::EndpointId;
use muster_plans::inventory::{
    ConsistencyGroup, ProtocolEndpoint, ReplicationMode, SiteInventory, StorageContainer, Volume,
};
use muster_plans::time::Span;

use crate::config::{Mode, PoolConfig};
use crate::error::Stop;
use crate::look::{FRESH, Index, Indexed, one_pool};
use crate::name::volume_id;
use crate::query::stopped;
use crate::store::Ceph;

const GIB: u64 = 1 << 30;

fn endpoint(pool: &PoolConfig) -> EndpointId {
    EndpointId::from(format!("{}-rbd", pool.container))
}

impl Ceph {
    pub(crate) async fn list(&self, into: &mut SiteInventory) -> Result<(), AdapterError> {
        // An agent asks often, and each image is a program to start.
        let index = self.index(Span::secs(5)).await?;
        let df = self.cli.df().await?;
        for pool in &self.config.pools {
            let stats = df.pools.iter().find(|found| found.name == pool.pool).map(|p| p.stats);
            let (stored, free) = stats.map_or((0, 0), |stats| (stats.stored, stats.max_avail));
            into.containers.push(StorageContainer {
                id: pool.container.clone(),
                size_gib: (stored + free) / GIB,
                free_gib: free / GIB,
                capabilities: pool.capabilities.clone(),
            });
            let (id, container) = (endpoint(pool), pool.container.clone());
            into.endpoints.push(ProtocolEndpoint { id, container, up: stats.is_some() });
        }
        for image in &index.images {
            let Some(pool) = self.config.pool(&image.pool) else { continue };
            into.volumes.push(Volume {
                id: volume_id(image.group.as_deref(), &image.name),
                container: pool.container.clone(),
                endpoint: Some(endpoint(pool)),
                size_gib: image.size.div_ceil(GIB),
                group: image.group.as_deref().map(Into::into),
            });
        }
        into.groups.extend(self.list_groups(&index).await?);
        // What is made anew carries no mark, and is of its group all the same.
        for group in &into.groups {
            for id in &group.volumes {
                let name = id.as_str().split_once('/').map_or("", |(_, image)| image);
                let bare = into.volumes.iter_mut().find(|v| v.id.as_str() == name);
                if let Some(volume) = bare {
                    (volume.id, volume.group) = (id.clone(), Some(group.id.clone()));
                }
            }
        }
        Ok(())
    }

    async fn list_groups(&self, index: &Index) -> Result<Vec<ConsistencyGroup>, AdapterError> {
        let mut groups = Vec::new();
        // The cluster is the same for all groups.
        let cluster = match self.config.is_stretched() {
            true => Some(self.cluster().await?),
            false => None,
        };
        for id in self.groups(index).await? {
            let members: Vec<Indexed> = match self.members(&id, FRESH).await {
                Ok(members) => members,
                Err(Stop::Refused(reason)) if reason.class == ErrorClass::NotFound => continue,
                Err(stop) => return Err(stopped(stop)),
            };
            // One that is marked wrongly is no group; it must not take the others with it.
            let pool = match one_pool(&members) {
                Ok(pool) => self.config.pool(pool),
                Err(reason) => {
                    tracing::warn!(group = %id, reason = %reason.message, "a group is left out");
                    continue;
                }
            };
            let Some(pool) = pool else { continue };
            let state = match cluster {
                Some(cluster) => {
                    let sight = self.stretch_in(&id, cluster).await?;
                    self.stretch_state(&sight, None)?
                }
                None => match self.pair(&id, &members).await {
                    Ok(sight) => {
                        let standing = sight.standing();
                        let role = self.in_test(&id, standing.role)?;
                        crate::query::of_standing(&id, role, standing)
                    }
                    Err(stop) => return Err(stopped(stop)),
                },
            };
            let stretched = pool.mode == Mode::Stretched;
            let volume = |image: &Indexed| volume_id(image.group.as_deref(), &image.name);
            groups.push(ConsistencyGroup {
                id,
                mode: if stretched { ReplicationMode::Stretched } else { ReplicationMode::Async },
                peer: self.config.peer.clone(),
                volumes: members.iter().map(volume).collect(),
                role: state.role,
                writable: state.writable,
                in_sync: state.in_sync,
                lag: state.lag,
                interval: pool.interval().filter(|_| !stretched),
                generation: state.generation,
                preferred: state.preferred,
                // The tiebreaker decides, and without it neither side goes on.
                detach: stretched.then_some(muster_plans::inventory::DetachRule::NoAutomaticWinner),
                points: state.points,
            });
        }
        Ok(groups)
    }
}
