//! The other site's guests write here as well.

use std::fs::File;

use muster_adapter_pair::{Leg, point};
use muster_plans::id::RecoveryPointId;

use super::{Exports, Word};
use crate::disk;
use crate::error::Error;
use crate::peer::{Beat, BeginMirror};
use crate::store::{Cdp, Group};
use muster_contract::name::check;

/// What is copied while guests of the other site wait, where it cannot be copied by reference.
const SMALL: u64 = 256 << 20;

impl Cdp {
    /// Makes room for a mirror: what is whole in an earlier one becomes a point before it is overwritten.
    pub(crate) async fn begin_mirror(
        &self,
        group: &Group,
        asked: &BeginMirror,
    ) -> Result<(), Error> {
        let mut incoming = group.incoming.lock().await;
        let leg = group.leg.lock().await;
        self.may_take(group, &leg, &asked.describes).await?;
        *incoming = None;
        self.settle_mirror(group).await?;
        let aside = self.layout.incoming(&group.id)?;
        disk::remove_all(&aside)?;
        std::fs::create_dir(&aside).map_err(Error::io("cannot make", &aside))?;
        self.prune(group, &leg).await?;
        let folder = self.layout.mirror(&group.id)?;
        std::fs::create_dir(&folder).map_err(Error::io("cannot make", &folder))?;
        disk::write(
            &self.layout.mirror_file(&group.id)?,
            &Word::empty(asked.describes.generation),
        )?;
        let mut files = Vec::new();
        for (file, size) in &asked.files {
            let path = folder.join(check(file)?);
            let made = File::create_new(&path).and_then(|new| new.set_len(*size));
            made.map_err(Error::io("cannot make", &path))?;
            files.push((file.clone(), path, self.layout.socket(&group.id, file, "n")));
        }
        *group.exports.lock().await = Some(Exports::start(files).await?);
        Ok(())
    }

    /// The source says how far it is.
    pub(crate) async fn hear_beat(&self, group: &Group, beat: &Beat) -> Result<(), Error> {
        let mut leg = group.leg.lock().await;
        self.may_take(group, &leg, &beat.describes).await?;
        if group.exports.lock().await.is_none() {
            return Err(Error::NotNow("there is no mirror here; begin a new one".to_owned()));
        }
        let Some(at) = beat.at else { return Ok(()) };
        let word =
            self.word(group)?.ok_or_else(|| Error::NotNow("there is no mirror".to_owned()))?;
        let folder = self.layout.mirror(&group.id)?;
        for name in disk::names(&folder)? {
            if !beat.files.contains(&name) {
                disk::remove(&folder.join(name))?;
            }
        }
        let points = self.look(&group.id).await?.points;
        let next = word.beat(at, self.now(), &points);
        disk::write(&self.layout.mirror_file(&group.id)?, &next)?;
        if leg.origin != beat.describes.origin {
            let next = Leg { origin: beat.describes.origin.clone(), ..leg.clone() };
            self.save(group, &mut leg, next)?;
        }
        Ok(())
    }

    pub(crate) fn word(&self, group: &Group) -> Result<Option<Word>, Error> {
        Ok(disk::read(&self.layout.mirror_file(&group.id)?)?)
    }

    /// Ends a mirror, for whoever holds the leg. A whole one is a point from then on, without being copied.
    pub(crate) async fn settle_mirror(&self, group: &Group) -> Result<(), Error> {
        if let Some(exports) = group.exports.lock().await.take() {
            exports.stop().await?;
        }
        let folder = self.layout.mirror(&group.id)?;
        let word = self.word(group)?;
        if folder.is_dir() {
            match word.as_ref().and_then(Word::point) {
                Some(point) => {
                    disk::settle(&folder)?;
                    self.becomes(group, &folder, &point)?;
                }
                None => disk::remove_all(&folder)?,
            }
        }
        disk::remove(&self.layout.mirror_file(&group.id)?)
    }

    /// A point of a mirror that goes on; `None`: it is not in sync. The guests of the other site wait while it
    /// is copied, so that nothing large is copied in full.
    pub(crate) async fn still_point(
        &self,
        group: &Group,
    ) -> Result<Option<RecoveryPointId>, Error> {
        let exports = group.exports.lock().await;
        let word = self.word(group)?;
        let Some((exports, id)) = exports.as_ref().zip(word.and_then(|word| word.point())) else {
            return Ok(None);
        };
        let folder = self.layout.mirror(&group.id)?;
        let points = self.layout.points(&group.id)?;
        if !disk::reflinks(&points) && allocated(&folder)? > SMALL {
            let text = "a mirror that is being written is copied only where files share blocks (XFS, btrfs)";
            return Err(Error::NotNow(text.to_owned()));
        }
        let new = points.join(".new");
        disk::remove_all(&new)?;
        tokio::task::block_in_place(|| exports.still(|| disk::copy(&folder, &new)))?;
        self.becomes(group, &new, &id)?;
        Ok(Some(id))
    }

    /// A folder gets the name of a point; where there is one of that name it is older, and given up.
    fn becomes(
        &self,
        group: &Group,
        folder: &std::path::Path,
        id: &RecoveryPointId,
    ) -> Result<(), Error> {
        let to = self.layout.point(&group.id, id)?;
        if to.exists() {
            self.give_up(group, std::slice::from_ref(id))?;
        }
        debug_assert!(point::at(id.as_str()).is_some());
        std::fs::rename(folder, &to).map_err(Error::io("cannot rename", folder))?;
        disk::settle(&to)
    }
}

fn allocated(folder: &std::path::Path) -> Result<u64, Error> {
    use std::os::unix::fs::MetadataExt;
    let sizes = disk::names(folder)?.into_iter().map(|name| folder.join(name).metadata());
    let sizes: std::io::Result<Vec<u64>> =
        sizes.map(|found| found.map(|found| found.blocks() * 512)).collect();
    Ok(sizes.map_err(Error::io("cannot look at", folder))?.iter().sum())
}
