//! Sends a point: of each file what differs from what the other site has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use muster_adapter_libvirt::replicate::{BackupDisk, BackupState, RunningDisk};
use muster_adapter_pair::{Leg, point};
use muster_plans::id::RecoveryPointId;
use muster_plans::inventory::ReplicaRole;

use crate::disk;
use crate::error::Error;
use crate::peer::{Commit, Describes, DigestRequest, Part, Place};
use crate::store::{Cdp, Group};
use crate::users::{self, Open};
use muster_contract::name::check;

/// Digests that are asked for at once.
pub(crate) const DIGESTS: u64 = 1024;

/// How often it is looked whether a guest's state is written.
const LOOK: Duration = Duration::from_millis(200);

/// Tells whether a file was changed: device and number, size, and when it was written.
pub(crate) type Stamp = (u64, u64, i64, i64);

/// A file that holds still.
struct Still {
    name: String,
    path: PathBuf,
    /// Of a file that is sent where it lies, so that it is seen whether it held still.
    stamp: Option<Stamp>,
}

impl Cdp {
    /// Sends a point; of a demoted leg its last one. For whoever holds `doing`.
    pub(crate) async fn ship(&self, group: &Group) -> Result<RecoveryPointId, Error> {
        let mut answer = self.exchange(false).await?;
        let strange = || Error::NotNow(format!("{} has no leg of {}", self.peer_site(), group.id));
        let theirs = answer.legs.remove(&group.id).ok_or_else(strange)?;
        if theirs.role != ReplicaRole::Target {
            let (group, site) = (&group.id, self.peer_site());
            return Err(Error::NotNow(format!("the leg of {group} at {site} is no replica")));
        }
        let (id, closed) = self.next_point(group).await?;
        let report = if theirs.points.contains(&id) {
            theirs
        } else {
            let describes = self.describes(group, Place::Point(id.clone())).await?;
            let still = self.hold_still(group, &id, closed).await;
            let sent = match still {
                Ok(still) => self.send_all(group, &describes, still).await,
                Err(error) => Err(error),
            };
            disk::remove_all(&self.layout.scratch(&group.id)?)?;
            sent?
        };
        let mut leg = group.leg.lock().await;
        if leg.role == ReplicaRole::Source {
            let mut next = leg.clone();
            (next.shipped, next.peer) = (Some(id.clone()), Some(report));
            self.save(group, &mut leg, next)?;
        }
        Ok(id)
    }

    /// Sends a point where files of a group that no guest runs on were changed since the last one.
    pub(crate) async fn ship_changes(&self, group: &Group) -> Result<(), Error> {
        let stamps = self.stamps(group).await?;
        let mut last = group.shipped.lock().await;
        if last.as_ref() != Some(&stamps) {
            self.ship(group).await?;
            *last = Some(stamps);
        }
        Ok(())
    }

    async fn next_point(&self, group: &Group) -> Result<(RecoveryPointId, bool), Error> {
        let mut leg = group.leg.lock().await;
        let closed = leg.role == ReplicaRole::Source && !leg.open;
        if !closed && (leg.role != ReplicaRole::Source || !leg.serves(self.fence())) {
            return Err(Error::NotNow(format!("{} is not sent from here", group.id)));
        }
        if let Some(id) = leg.sealed.clone().filter(|_| closed) {
            return Ok((id, true));
        }
        let id = self.next_id(group, &leg).await?;
        if closed {
            let next = Leg { sealed: Some(id.clone()), ..leg.clone() };
            self.save(group, &mut leg, next)?;
        }
        Ok((id, closed))
    }

    pub(crate) async fn describes(&self, group: &Group, place: Place) -> Result<Describes, Error> {
        let leg = group.leg.lock().await;
        Ok(Describes {
            site: self.site.clone(),
            generation: leg.generation,
            origin: leg.origin.clone(),
            place,
        })
    }

    /// Disks of running guests that lie in the live folder, by the names of their files.
    pub(crate) async fn used(&self, group: &Group) -> Result<Vec<(String, RunningDisk)>, Error> {
        let live = self.layout.live(&group.id)?;
        let shown = self.layout.shown(&group.id)?;
        let disks = self.guests.disks().await?;
        let name = |disk: &RunningDisk| {
            let path = Path::new(&disk.file);
            let real = path.canonicalize().ok();
            let own = |folder: &Path| path.parent() == Some(folder);
            let is = own(&live)
                || own(&shown)
                || real.as_deref().and_then(Path::parent) == Some(live.as_path());
            is.then(|| path.file_name()?.to_str().map(str::to_owned)).flatten()
        };
        Ok(disks.into_iter().filter_map(|disk| Some((name(&disk)?, disk))).collect())
    }

    /// The files of a leg, and how they are now.
    pub(crate) async fn stamps(&self, group: &Group) -> Result<BTreeMap<String, Stamp>, Error> {
        let live = self.layout.live(&group.id)?;
        disk::blocking(move || {
            let mut stamps = BTreeMap::new();
            for name in disk::names(&live)?.into_iter().filter(|name| check(name).is_ok()) {
                let path = live.join(&name);
                let stamp = stamp(&path)?;
                stamps.insert(name, stamp);
            }
            Ok(stamps)
        })
        .await
    }

    /// Files that hold still: those of running guests as they all were at one instant for each guest, and the
    /// others as they lie there.
    async fn hold_still(
        &self,
        group: &Group,
        id: &RecoveryPointId,
        closed: bool,
    ) -> Result<Vec<Still>, Error> {
        let used = self.used(group).await?;
        let live = self.layout.live(&group.id)?;
        let open = users::of(&live, Open::ForWriting).await?;
        match (&used[..], open) {
            ([], Some(user)) => {
                return Err(Error::NotNow(format!("{user} has files of {} open", group.id)));
            }
            ([(file, _), ..], _) if closed => {
                return Err(Error::NotNow(format!("a guest runs on {file}")));
            }
            _ => {}
        }
        let mut still = Vec::new();
        for (name, stamp) in self.stamps(group).await? {
            if !used.iter().any(|(file, _)| *file == name) {
                let path = live.join(&name);
                still.push(Still { name, path, stamp: Some(stamp) });
            }
        }
        if !used.is_empty() {
            still.extend(self.written_out(group, id, &used).await?);
        }
        Ok(still)
    }

    /// QEMU writes out what disks hold at one instant, which is the same for all disks of a guest, and nearly the
    /// same for all guests of a group.
    async fn written_out(
        &self,
        group: &Group,
        id: &RecoveryPointId,
        used: &[(String, RunningDisk)],
    ) -> Result<Vec<Still>, Error> {
        raw(used)?;
        let folder = self.layout.scratch(&group.id)?;
        disk::remove_all(&folder)?;
        std::fs::create_dir(&folder).map_err(Error::io("cannot make", &folder))?;
        let mut guests: BTreeMap<uuid::Uuid, Vec<BackupDisk>> = BTreeMap::new();
        let mut still = Vec::new();
        for (name, running) in used {
            let path = folder.join(name);
            guests.entry(running.vm).or_default().push(BackupDisk {
                target: running.target.clone(),
                to: path.display().to_string(),
                format: "raw",
            });
            still.push(Still { name: name.clone(), path, stamp: None });
        }
        for (vm, disks) in &guests {
            self.guests.backup(*vm, disks).await?;
        }
        for vm in guests.keys() {
            loop {
                match self.guests.backup_state(*vm).await? {
                    BackupState::Running => tokio::time::sleep(LOOK).await,
                    BackupState::Done => break,
                    BackupState::Failed => {
                        return Err(Error::NotNow(format!("{vm} was not written out for {id}")));
                    }
                }
            }
        }
        Ok(still)
    }

    async fn send_all(
        &self,
        group: &Group,
        describes: &Describes,
        still: Vec<Still>,
    ) -> Result<muster_adapter_pair::Report, Error> {
        self.client.begin(&group.id, describes).await?;
        let mut files = BTreeMap::new();
        for file in &still {
            let part = self.send_file(group, describes, &file.name, &file.path).await?;
            files.insert(file.name.clone(), part);
        }
        // All of them, after the last was read: a guest that was started meanwhile has changed one.
        let changed =
            |file: &&Still| file.stamp.is_some_and(|before| stamp(&file.path).ok() != Some(before));
        if let Some(file) = still.iter().find(changed) {
            return Err(Error::NotNow(format!("{} was changed meanwhile", file.name)));
        }
        let commit = Commit { describes: describes.clone(), files };
        self.client.commit(&group.id, &commit).await
    }

    /// Makes a file at the other site the same, block by block.
    pub(crate) async fn send_file(
        &self,
        group: &Group,
        describes: &Describes,
        name: &str,
        path: &Path,
    ) -> Result<Part, Error> {
        let size = path.metadata().map_err(Error::io("cannot look at", path))?.len();
        let (mut from, mut all) = (0, Vec::new());
        loop {
            let local = path.to_owned();
            let own = disk::blocking(move || disk::digests(&local, from, DIGESTS)).await?;
            let asked =
                DigestRequest { describes: describes.clone(), file: name.to_owned(), size, from };
            let theirs = self.client.digests(&group.id, &asked).await?;
            for (nr, digest) in (from..).zip(&own) {
                if theirs.get(usize::try_from(nr - from).unwrap_or(usize::MAX)) != Some(digest) {
                    let local = path.to_owned();
                    let block = disk::blocking(move || disk::read_block(&local, nr)).await?;
                    let to = self.client.block(&group.id, name, nr, describes, block);
                    to.await?;
                }
            }
            let count = own.len() as u64;
            all.extend(own);
            from += count;
            if count < DIGESTS {
                break;
            }
        }
        Ok(Part { size, digest: disk::joined(&all) })
    }

    pub(crate) async fn next_id(&self, group: &Group, leg: &Leg) -> Result<RecoveryPointId, Error> {
        let look = self.look(&group.id).await?;
        let theirs = leg.peer.iter().flat_map(|peer| &peer.points);
        let known = look.points.iter().chain(theirs).chain(&leg.promoted).chain(&leg.shipped);
        Ok(point::next(self.now(), known))
    }
}

/// What QEMU writes out is what the guest sees: under the name of an image in another format it would be no image.
pub(crate) fn raw(used: &[(String, RunningDisk)]) -> Result<(), Error> {
    match used.iter().find(|(_, disk)| disk.format != "raw") {
        Some((file, disk)) => Err(Error::NotNow(format!("{file} is {} and not raw", disk.format))),
        None => Ok(()),
    }
}

fn stamp(path: &Path) -> Result<Stamp, Error> {
    use std::os::unix::fs::MetadataExt;
    let found = path.metadata().map_err(Error::io("cannot look at", path))?;
    Ok((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_raw_disks_are_taken() {
        let disk = |format: &str| {
            let running = RunningDisk {
                vm: uuid::Uuid::nil(),
                name: "db".to_owned(),
                target: "vda".to_owned(),
                file: "/srv/muster/groups/erp/db.vda.img".to_owned(),
                format: format.to_owned(),
                cache: None,
                mirror: None,
            };
            ("db.vda.img".to_owned(), running)
        };
        assert!(raw(&[disk("raw")]).is_ok() && raw(&[]).is_ok());
        let why = raw(&[disk("raw"), disk("qcow2")]).unwrap_err().to_string();
        assert_eq!(why, "db.vda.img is qcow2 and not raw");
    }
}
