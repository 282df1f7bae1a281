//! Volumes, for the hypervisor of the same site.

use std::path::Path;

use async_trait::async_trait;
use muster_contract::{AdapterError, Bound, Mountable, Outcome, Place, Receipt, VolumeAdapter};
use muster_plans::id::{ConsistencyGroupId, VmId, VolumeId};

use crate::error::{Error, missing, not_now, outcome};
use crate::file;
use crate::store::Btrfs;
use muster_adapter_pair::CloneFile;
use muster_adapter_pair::volume;
use muster_contract::name::check;

const MIB: u64 = 1 << 20;

#[async_trait]
impl VolumeAdapter for Btrfs {
    async fn bind(&self, id: &VolumeId, clone: Option<&str>) -> Result<Bound, AdapterError> {
        let (group, name) = volume(id)?;
        let bound = match clone {
            Some(clone) => {
                self.clone_of(clone, group)?;
                let held = self.layout.clone(clone)?;
                self.bound(id, &held.join(name), &self.layout.shown_clone(clone)?, name)
            }
            None => self.production(&group.into(), name).await?,
        };
        bound.ok_or_else(|| missing(format!("the volume {id}")).into())
    }

    async fn volume_at(&self, place: &Place) -> Result<Option<Bound>, AdapterError> {
        let Place::File(path) = place else { return Ok(None) };
        let path = Path::new(path);
        let Some((folder, thing, name)) = self.parts(path) else { return Ok(None) };
        if check(&thing).is_err() || check(&name).is_err() {
            return Ok(None);
        }
        // What lies in a clone is no production volume, whatever it is called.
        if !matches!(folder.as_str(), "groups" | "legs") {
            return Ok(None);
        }
        let group = thing.as_str().into();
        if self.find(&group).is_none() {
            return Ok(None);
        }
        self.production(&group, &name).await
    }

    fn home(&self, beside: &VolumeId, vm: VmId) -> VolumeId {
        let group = beside.as_str().split_once('/').map_or(beside.as_str(), |(group, _)| group);
        VolumeId::from(format!("{group}/{vm}.xml"))
    }

    fn is_of(&self, id: &VolumeId, group: &ConsistencyGroupId) -> bool {
        volume(id).is_ok_and(|(own, _)| own == group.as_str())
    }

    async fn read(
        &self,
        home: &VolumeId,
        clone: Option<&str>,
    ) -> Result<Option<String>, AdapterError> {
        let (group, name) = volume(home)?;
        let folder = match clone {
            Some(clone) => {
                self.clone_of(clone, group)?;
                Some(self.layout.clone(clone)?)
            }
            None => {
                let group = self.group(&group.into())?;
                let leg = group.leg.lock().await;
                let look = self.look(&group.id).await?;
                self.newest(&group, &leg, &look)?
            }
        };
        let Some(path) = folder.map(|folder| folder.join(name)) else { return Ok(None) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("cannot read", &path)(error).into()),
        }
    }

    async fn write(&self, home: &VolumeId, text: &str) -> Result<(), AdapterError> {
        let (group, name) = volume(home)?;
        let group = self.group(&group.into())?;
        let leg = group.leg.lock().await;
        if !self.lets_begin(&group, &leg) {
            return Err(not_now(self.why_closed(&group, &leg)).into());
        }
        let (path, bytes) = (self.layout.live(&group.id)?.join(name), text.as_bytes().to_vec());
        Ok(file::blocking(move || Ok(file::replace(&path, &bytes)?)).await?)
    }

    async fn mount(&self, what: Mountable<'_>, on: bool) -> Outcome<Receipt> {
        outcome(match what {
            Mountable::Group(id) => self.mount_group(id, on).await,
            Mountable::Clone(name) => self.mount_clone(name, on).await,
        })
    }

    async fn writable(&self, id: &VolumeId) -> Result<bool, AdapterError> {
        let (group, _) = volume(id)?;
        let group = self.group(&group.into())?;
        let leg = group.leg.lock().await;
        Ok(self.lets_begin(&group, &leg))
    }

    /// Each promote raises the generation, whichever of the two legs it makes writable.
    async fn history(&self, id: &VolumeId) -> Result<Option<String>, AdapterError> {
        let (group, _) = volume(id)?;
        let group = self.group(&group.into())?;
        let leg = group.leg.lock().await;
        let origin = leg.origin.as_deref().unwrap_or_default();
        Ok(Some(format!("{origin}#{}", leg.generation)))
    }
}

fn id_of(group: &ConsistencyGroupId, name: &str) -> VolumeId {
    VolumeId::from(format!("{group}/{name}"))
}

fn placed(path: &Path) -> Place {
    Place::File(path.display().to_string())
}

impl Btrfs {
    /// Folder below the root, what lies in it, and the file. A path that leads here through links or
    /// another mount is resolved first; what does not exist is taken as it is written.
    fn parts(&self, path: &Path) -> Option<(String, String, String)> {
        let below = |path: &Path| {
            let rest = path.strip_prefix(self.root()).ok()?;
            let words: Option<Vec<String>> =
                rest.iter().map(|word| word.to_str().map(ToOwned::to_owned)).collect();
            <[String; 3]>::try_from(words?).ok().map(<(String, String, String)>::from)
        };
        below(path).or_else(|| below(&path.canonicalize().ok()?))
    }

    /// A file of a group, in the live leg or, where there is none, in the newest point.
    async fn production(
        &self,
        id: &ConsistencyGroupId,
        name: &str,
    ) -> Result<Option<Bound>, AdapterError> {
        let group = self.group(id)?;
        let leg = group.leg.lock().await;
        let look = self.look(id).await?;
        let Some(held) = self.newest(&group, &leg, &look)? else { return Ok(None) };
        let shown = self.layout.shown(id)?;
        Ok(self.bound(&id_of(id, name), &held.join(name), &shown, name))
    }

    /// What lies at a path, as hosts find it below the folder that they are shown.
    fn bound(&self, id: &VolumeId, held: &Path, shown: &Path, name: &str) -> Option<Bound> {
        let found = std::fs::metadata(held).ok().filter(std::fs::Metadata::is_file)?;
        Some(Bound {
            volume: id.clone(),
            container: self.config.container.clone(),
            size_mib: found.len().div_ceil(MIB),
            place: placed(&shown.join(name)),
            mounted: file::linked(shown),
        })
    }

    fn clone_of(&self, name: &str, group: &str) -> Result<CloneFile, AdapterError> {
        let found = file::read::<CloneFile>(&self.layout.clone_file(name)?)?;
        let found = found.filter(|clone| clone.group.as_str() == group);
        found.ok_or_else(|| missing(format!("the clone {name} of {group}")).into())
    }
}
