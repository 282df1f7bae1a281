//! Which images there are, and which group each is of.

use std::sync::Arc;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use muster_contract::Reason;
use muster_plans::id::ConsistencyGroupId;
use muster_plans::time::{Span, Time};

use crate::cli::spec;
use crate::config::Mode;
use crate::error::{Error, Stop, missing, not_now};
use crate::name::{check, is_ours};
use crate::store::Ceph;

/// How old an index may be for most questions: reading all names takes a program for each image.
pub(crate) const FRESH: Span = Span::secs(30);
/// How old it may be where something is changed: an image that was added must not be left behind.
pub(crate) const NEW: Span = Span::secs(3);

/// How many programs run at once.
pub(crate) const AT_ONCE: usize = 8;

/// All images of the pools, except clones and what was kept.
#[derive(Debug)]
pub(crate) struct Index {
    at: Time,
    /// How long it took to read.
    took: Span,
    pub(crate) images: Vec<Indexed>,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Indexed {
    pub(crate) pool: String,
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) group: Option<String>,
}

impl Indexed {
    pub(crate) fn spec(&self) -> String {
        spec(&self.pool, &self.name)
    }
}

impl Index {
    pub(crate) fn of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Indexed> + use<'a> {
        self.images.iter().filter(move |image| image.group.as_deref() == Some(group))
    }

    /// All groups, each once.
    pub(crate) fn groups(&self) -> Vec<ConsistencyGroupId> {
        let mut ids: Vec<&str> = self.images.iter().filter_map(|i| i.group.as_deref()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(ConsistencyGroupId::from).collect()
    }
}

impl Ceph {
    /// All images, as they were no longer ago than this. Where reading them takes long, twice that is added:
    /// of fifty groups that are promoted at once not each reads all images again.
    pub(crate) async fn index(&self, age: Span) -> Result<Arc<Index>, Error> {
        let mut held = self.index.lock().await;
        if let Some(index) = held.as_ref()
            && self.now().since(index.at) < age + index.took + index.took
        {
            return Ok(Arc::clone(index));
        }
        let at = self.now();
        let mut found = Vec::new();
        for pool in &self.config.pools {
            let listed = self.cli.images(&pool.pool).await?.into_iter();
            found.extend(listed.map(|listed| (pool.pool.clone(), listed)));
        }
        // What is called so that we could not name it is none of ours.
        found.retain(|(_, listed)| check(&listed.image).is_ok() && !is_ours(&listed.image));
        let read = |(pool, listed): (String, crate::said::Listed)| async move {
            let meta = match self.cli.meta(&spec(&pool, &listed.image)).await {
                // It was removed meanwhile.
                Err(error) if error.is_code(2) => return Ok(None),
                meta => meta?,
            };
            let group = meta.group.filter(|group| check(group).is_ok());
            Ok::<_, Error>(Some(Indexed { pool, name: listed.image, size: listed.size, group }))
        };
        let images: Vec<Option<Indexed>> =
            iter(found).map(read).buffered(AT_ONCE).try_collect().await?;
        let (took, images) = (self.now().since(at), images.into_iter().flatten().collect());
        let index = Arc::new(Index { at, took, images });
        *held = Some(Arc::clone(&index));
        Ok(index)
    }

    /// What was known is not known any more.
    pub(crate) async fn forget(&self) {
        *self.index.lock().await = None;
    }

    /// The images of a group, as they were no longer ago than this.
    pub(crate) async fn members(
        &self,
        group: &ConsistencyGroupId,
        age: Span,
    ) -> Result<Vec<Indexed>, Stop> {
        check(group.as_str())?;
        let index = self.index(age).await?;
        let members: Vec<Indexed> = index.of(group.as_str()).cloned().collect();
        if members.is_empty() {
            return Err(missing(format!("the group {group}")).into());
        }
        Ok(members)
    }

    /// One image of a group, or of none. One that is not known may have been made just now.
    pub(crate) async fn member(
        &self,
        group: Option<&str>,
        image: &str,
    ) -> Result<Option<Indexed>, Error> {
        let index = self.index(FRESH).await?;
        let same = |i: &&Indexed| i.name == image && i.group.as_deref() == group;
        if let Some(found) = index.images.iter().find(same) {
            return Ok(Some(found.clone()));
        }
        for pool in &self.config.pools {
            let found = self.probe(&pool.pool, image).await?;
            if let Some(found) = found.filter(|found| found.group.as_deref() == group) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The image at a place.
    pub(crate) async fn image_at(&self, pool: &str, image: &str) -> Result<Option<Indexed>, Error> {
        let index = self.index(FRESH).await?;
        match index.images.iter().find(|i| i.pool == pool && i.name == image) {
            Some(found) => Ok(Some(found.clone())),
            None => self.probe(pool, image).await,
        }
    }

    async fn probe(&self, pool: &str, image: &str) -> Result<Option<Indexed>, Error> {
        let at = spec(pool, image);
        let Some(info) = self.cli.info(&at).await? else { return Ok(None) };
        let group = self.cli.meta(&at).await?.group.filter(|group| check(group).is_ok());
        let (pool, name) = (pool.to_owned(), image.to_owned());
        Ok(Some(Indexed { pool, name, size: info.size, group }))
    }

    pub(crate) fn mode_of(&self, image: &Indexed) -> Mode {
        self.config.pool(&image.pool).map_or(Mode::Stretched, |pool| pool.mode)
    }
}

/// Refused where a name says that something is not what it should be.
pub(crate) fn one_pool(members: &[Indexed]) -> Result<&str, Reason> {
    let Some(first) = members.first() else { return Err(missing("the group")) };
    match members.iter().find(|other| other.pool != first.pool) {
        Some(other) => Err(not_now(format!(
            "{} and {} are of one group and lie in two pools",
            first.spec(),
            other.spec()
        ))),
        None => Ok(&first.pool),
    }
}
