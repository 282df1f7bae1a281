//! Takes a point in: a copy of what is here, made the same as what the other site has.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use muster_adapter_pair::decide::{self, Sender};
use muster_adapter_pair::{Leg, Report, point};
use muster_contract::stop::later;
use muster_plans::id::RecoveryPointId;

use super::{Commit, Describes, DigestRequest, Place};
use crate::disk;
use crate::error::Error;
use crate::ship::DIGESTS;
use crate::store::{Cdp, Group};
use muster_contract::name::check;

impl Cdp {
    pub(crate) async fn may_take(
        &self,
        group: &Group,
        leg: &Leg,
        describes: &Describes,
    ) -> Result<(), Error> {
        let look = self.look(&group.id).await?;
        let Describes { generation, origin, .. } = describes.clone();
        let sender = Sender { generation, origin, parent: None };
        decide::receive(&self.sight(group, leg, &look, None), &sender).map_err(Error::Peer)
    }

    pub(crate) async fn begin_point(&self, group: &Group, asked: &Describes) -> Result<(), Error> {
        let Place::Point(id) = &asked.place else {
            return Err(Error::NotNow("a mirror is begun otherwise".to_owned()));
        };
        let known = point::at(check(id.as_str())?);
        known.ok_or_else(|| Error::NotNow(format!("`{id}` is no point")))?;
        let mut incoming = group.incoming.lock().await;
        *incoming = None;
        {
            let leg = group.leg.lock().await;
            self.may_take(group, &leg, asked).await?;
            self.settle_mirror(group).await?;
        }
        let folder = self.layout.incoming(&group.id)?;
        let base = self.base(group)?;
        disk::blocking(move || {
            disk::remove_all(&folder)?;
            match base {
                Some(base) => disk::copy(&base, &folder),
                None => std::fs::create_dir(&folder).map_err(Error::io("cannot make", &folder)),
            }
        })
        .await?;
        *incoming = Some(id.clone());
        Ok(())
    }

    /// What a point is likely to differ least from; what was given up counts as well.
    fn base(&self, group: &Group) -> Result<Option<PathBuf>, Error> {
        let folder = self.layout.points(&group.id)?;
        let plain = |name: &str| name.strip_prefix(&point::before("")).unwrap_or(name).to_owned();
        let names = disk::names(&folder)?.into_iter();
        let newest =
            names.filter(|name| point::at(&plain(name)).is_some()).max_by_key(|n| plain(n));
        Ok(newest.map(|name| folder.join(name)))
    }

    /// The folder that is written to, where anything of it is taken now.
    async fn place(
        &self,
        group: &Group,
        incoming: Option<&RecoveryPointId>,
        describes: &Describes,
    ) -> Result<PathBuf, Error> {
        // It may have been promoted, or fenced, since this began.
        {
            let leg = group.leg.lock().await;
            self.may_take(group, &leg, describes).await?;
        }
        match &describes.place {
            Place::Point(id) if incoming == Some(id) => Ok(self.layout.incoming(&group.id)?),
            // The source begins again.
            Place::Point(id) => Err(Error::Peer(later(format!("the point {id} is not coming in")))),
            // Put aside, so that what is whole is replaced by what is.
            Place::Mirror => Ok(self.layout.incoming(&group.id)?),
        }
    }

    pub(crate) async fn own_digests(
        &self,
        group: &Group,
        asked: DigestRequest,
    ) -> Result<Vec<String>, Error> {
        let incoming = group.incoming.lock().await;
        let folder = self.place(group, incoming.as_ref(), &asked.describes).await?;
        let path = folder.join(check(&asked.file)?);
        let mirrored = match asked.describes.place {
            Place::Point(_) => None,
            Place::Mirror => Some(self.layout.mirror(&group.id)?.join(&asked.file)),
        };
        disk::blocking(move || {
            if let Some(base) = mirrored.filter(|base| base.exists() && !path.exists()) {
                disk::copy_file(&base, &path)?;
            }
            sized(&path, asked.size)?;
            disk::digests(&path, asked.from, DIGESTS)
        })
        .await
    }

    pub(crate) async fn take_block(
        &self,
        group: &Group,
        describes: &Describes,
        file: &str,
        nr: u64,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let incoming = group.incoming.lock().await;
        let path = self.place(group, incoming.as_ref(), describes).await?.join(check(file)?);
        disk::blocking(move || disk::write_block(&path, nr, &bytes)).await
    }

    pub(crate) async fn take_in(&self, group: &Group, commit: Commit) -> Result<Report, Error> {
        let mut incoming = group.incoming.lock().await;
        let Commit { describes, files } = commit;
        let folder = self.place(group, incoming.as_ref(), &describes).await?;
        let (at, mirror) = (folder.clone(), describes.place == Place::Mirror);
        let names: Vec<String> = files.keys().cloned().collect();
        disk::blocking(move || {
            let strange = |name: &String| !mirror && !files.contains_key(name);
            for name in disk::names(&at)?.into_iter().filter(strange) {
                disk::remove(&at.join(name))?;
            }
            for (name, part) in &files {
                let path = at.join(check(name)?);
                let size = path.metadata().map_err(Error::io("cannot look at", &path))?.len();
                if size != part.size || disk::overall(&path)? != part.digest {
                    return Err(Error::NotNow(format!("{name} is not what was sent")));
                }
            }
            disk::settle(&at)
        })
        .await?;
        let mut leg = group.leg.lock().await;
        // It may have been promoted while this came in.
        self.may_take(group, &leg, &describes).await?;
        let Place::Point(id) = &describes.place else {
            let to = self.layout.mirror(&group.id)?;
            for name in names {
                let (from, to) = (folder.join(&name), to.join(&name));
                std::fs::rename(&from, &to).map_err(Error::io("cannot rename", &from))?;
            }
            disk::settle(&to)?;
            return self.report(group, &leg).await;
        };
        let to = self.layout.point(&group.id, id)?;
        std::fs::rename(&folder, &to).map_err(Error::io("cannot rename", &folder))?;
        disk::settle(&to)?;
        *incoming = None;
        if leg.origin != describes.origin {
            let next = Leg { origin: describes.origin.clone(), ..leg.clone() };
            self.save(group, &mut leg, next)?;
        }
        self.prune(group, &leg).await?;
        self.report(group, &leg).await
    }
}

/// Makes a file as long as it is to be; what is new of it is zeros.
fn sized(path: &Path, size: u64) -> Result<(), Error> {
    let failed = |error| Error::io("cannot write", path)(error);
    let mut open = std::fs::OpenOptions::new();
    let file = open.write(true).create(true).truncate(false).open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() != size {
        file.set_len(size).map_err(failed)?;
    }
    Ok(())
}
