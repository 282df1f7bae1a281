//! Volumes, for the hypervisor of the same site.

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Bound, ErrorClass, Mountable, Outcome, Place, Receipt, VolumeAdapter,
};
use muster_plans::id::{ConsistencyGroupId, VmId, VolumeId};

use crate::cli::spec;
use crate::config::Mode;
use crate::error::{Error, missing, not_now, outcome};
use crate::home;
use crate::look::clone_spec;
use crate::name::{self, volume, volume_id};
use crate::query::stopped;
use crate::store::Ceph;
use muster_contract::name::check;

const MIB: u64 = 1 << 20;

#[async_trait]
impl VolumeAdapter for Ceph {
    async fn bind(&self, id: &VolumeId, clone: Option<&str>) -> Result<Bound, AdapterError> {
        let (group, image) = volume(id)?;
        if let Some(clone) = clone {
            let (at, mounted) = self.in_clone(clone, group, image)?;
            let info = self.cli.info(&at).await?;
            let info =
                info.ok_or_else(|| AdapterError::from(missing(format!("the volume {id}"))))?;
            let pool = at.split_once('/').map_or("", |(pool, _)| pool);
            return Ok(self.bound(id.clone(), pool, at.clone(), info.size, mounted));
        }
        let found = self.member(group, image).await?;
        let found = found.ok_or_else(|| AdapterError::from(missing(format!("the volume {id}"))))?;
        let mounted = self.is_mounted(group).await?;
        Ok(self.bound(id.clone(), &found.pool, found.spec(), found.size, mounted))
    }

    async fn volume_at(&self, place: &Place) -> Result<Option<Bound>, AdapterError> {
        let Place::Rbd(at) = place else { return Ok(None) };
        let Some((pool, image)) = at.split_once('/') else { return Ok(None) };
        // What is a clone is no production volume, whatever it is called.
        let ours =
            self.config.pool(pool).is_some() && check(image).is_ok() && !name::is_ours(image);
        if !ours {
            return Ok(None);
        }
        let found = self.image_at(pool, image).await?;
        let Some(found) = found else { return Ok(None) };
        let id = volume_id(found.group.as_deref(), &found.name);
        let mounted = self.is_mounted(found.group.as_deref()).await?;
        Ok(Some(self.bound(id, pool, at.clone(), found.size, mounted)))
    }

    fn is_of(&self, id: &VolumeId, group: &ConsistencyGroupId) -> bool {
        volume(id).is_ok_and(|(own, _)| own == Some(group.as_str()))
    }

    fn home(&self, beside: &VolumeId, vm: VmId) -> VolumeId {
        let group = beside.as_str().split_once('/').map(|(group, _)| group);
        volume_id(group, &name::home(vm))
    }

    async fn read(
        &self,
        id: &VolumeId,
        clone: Option<&str>,
    ) -> Result<Option<String>, AdapterError> {
        let (group, image) = volume(id)?;
        let at = match clone {
            Some(clone) => self.in_clone(clone, group, image)?.0,
            None => match self.member(group, image).await? {
                Some(found) => found.spec(),
                None => return Ok(None),
            },
        };
        Ok(self.cli.export(&at).await?.and_then(|held| home::text(&held)))
    }

    async fn write(&self, id: &VolumeId, text: &str) -> Result<(), AdapterError> {
        let (group, image) = volume(id)?;
        if let Some(group) = group {
            let group = ConsistencyGroupId::from(group);
            if !self.takes_writes(&group).await.map_err(stopped)? {
                return Err(not_now(format!("{group} takes no writes here")).into());
            }
        }
        let at = match self.member(group, image).await? {
            Some(found) => found.spec(),
            None => self.make_home(group, image).await?,
        };
        let held = self.cli.export(&at).await?.unwrap_or_default();
        let diff = home::diff(&held, text).ok_or_else(|| {
            let most = home::MOST;
            AdapterError::new(ErrorClass::Capacity, format!("the home {id} exceeds {most} bytes"))
        })?;
        Ok(self.cli.import_diff(&at, diff).await?)
    }

    async fn mount(&self, what: Mountable<'_>, on: bool) -> Outcome<Receipt> {
        outcome(match what {
            Mountable::Group(id) => self.mount_group(id, on).await,
            Mountable::Clone(name) => self.mount_clone(name, on).await,
        })
    }

    async fn writable(&self, id: &VolumeId) -> Result<bool, AdapterError> {
        match volume(id)? {
            (Some(group), _) => self.takes_writes(&group.into()).await.map_err(stopped),
            (None, _) => Ok(true),
        }
    }
}

impl Ceph {
    fn bound(&self, volume: VolumeId, pool: &str, at: String, size: u64, mounted: bool) -> Bound {
        let container = self.config.pool(pool).map_or_else(|| pool.into(), |p| p.container.clone());
        let (size_mib, place) = (size.div_ceil(MIB), Place::Rbd(at));
        Bound { volume, container, size_mib, place, mounted }
    }

    /// What is in no group is where it is.
    async fn is_mounted(&self, group: Option<&str>) -> Result<bool, AdapterError> {
        let Some(group) = group.map(ConsistencyGroupId::from) else { return Ok(true) };
        match self.local(&group)?.mounted {
            Some(mounted) => Ok(mounted),
            None => self.takes_writes(&group).await.map_err(stopped),
        }
    }

    /// The image of a volume in a clone, and whether the clone is mounted.
    fn in_clone(
        &self,
        clone: &str,
        group: Option<&str>,
        image: &str,
    ) -> Result<(String, bool), AdapterError> {
        let none = || AdapterError::from(missing(format!("{image} in the clone {clone}")));
        let file = self.clone_file(clone)?.filter(|file| Some(file.group.as_str()) == group);
        let file = file.ok_or_else(none)?;
        let (pool, _) = file.images.iter().find(|(_, name)| name == image).ok_or_else(none)?;
        let at = clone_spec(pool, clone, image)?;
        Ok((at, file.mounted))
    }

    /// Makes the image of a home beside the other images of its group. It is marked last: until it is whole,
    /// nobody counts it as one of them.
    async fn make_home(&self, group: Option<&str>, image: &str) -> Result<String, AdapterError> {
        let index = self.index(crate::look::FRESH).await?;
        let beside = group.and_then(|group| index.of(group).next());
        let pool = match (beside, group) {
            (Some(beside), _) => &beside.pool,
            (None, Some(group)) => return Err(missing(format!("the group {group}")).into()),
            (None, None) => {
                return Err(not_now("the home of a VM that is in no group is not kept").into());
            }
        };
        let at = spec(pool, image);
        match self.cli.create(&at, home::SIZE).await {
            Err(error) if !error.is_code(17) => return Err(error.into()),
            _ => {}
        }
        let mode = match self.config.pool(pool).map(|pool| pool.mode) {
            Some(Mode::MirrorJournal) => Some("journal"),
            Some(Mode::MirrorSnapshot) => Some("snapshot"),
            _ => None,
        };
        let mirrored = self.cli.info(&at).await?.and_then(|info| info.primary()).is_some();
        if let Some(mode) = mode.filter(|_| !mirrored) {
            self.cli.enable(&at, mode).await?;
        }
        if let Some(group) = group {
            self.cli.set_meta(&at, "muster.group", group).await?;
        }
        self.forget().await;
        Ok::<_, Error>(at).map_err(AdapterError::from)
    }
}
