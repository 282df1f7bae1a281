//! Which images there are, and which group each is of.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use muster_contract::Reason;
use muster_plans::id::ConsistencyGroupId;
use muster_plans::time::{Span, Time};

use crate::cli::spec;
use crate::config::Mode;
use crate::error::{Error, Stop, missing, not_now};
use crate::name::is_ours;
use crate::store::Ceph;
use muster_contract::name::check;

/// How old an index may be for most questions: reading all names takes a program for each image.
pub(crate) const FRESH: Span = Span::secs(30);
/// How old it may be where something is changed: an image that was added must not be left behind.
pub(crate) const NEW: Span = Span::secs(3);

/// How long a copy may be away that is made anew: until its daemon has begun with it.
const ANEW: Span = Span::mins(10);
/// How exactly it is remembered when an image was seen.
const ABOUT: Span = Span::secs(60);

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
        let mut members: Vec<Indexed> = index.of(group.as_str()).cloned().collect();
        if !self.config.is_stretched() {
            let now = self.now();
            let remembered = self.local(group)?.members;
            for (at, seen) in &remembered {
                if members.iter().any(|member| member.spec() == *at) {
                    continue;
                }
                members.extend(self.lost(&index, group, at, *seen).await?);
            }
            members.sort_by(|a, b| (&a.pool, &a.name).cmp(&(&b.pool, &b.name)));
            let next = remember(&remembered, &index, &members, now);
            self.note(group, |local| local.members = next)?;
        }
        if members.is_empty() {
            return Err(missing(format!("the group {group}")).into());
        }
        Ok(members)
    }

    /// A member that is not there, or not marked, because it is made anew.
    async fn lost(
        &self,
        index: &Index,
        group: &ConsistencyGroupId,
        at: &str,
        seen: Time,
    ) -> Result<Option<Indexed>, Error> {
        let Some((pool, name)) = at.split_once('/') else { return Ok(None) };
        let group = Some(group.as_str().to_owned());
        let there = index.images.iter().find(|image| image.spec() == at);
        match there {
            Some(image) if image.group.is_none() => {
                let info = self.cli.info(at).await?;
                let copy = info.is_none_or(|info| info.primary() == Some(false));
                Ok(copy.then(|| Indexed { group, ..image.clone() }))
            }
            // It is of another group now.
            Some(_) => Ok(None),
            None => {
                let (pool, name) = (pool.to_owned(), name.to_owned());
                let soon = self.now().since(seen) < ANEW;
                Ok(soon.then_some(Indexed { pool, name, size: 0, group }))
            }
        }
    }

    /// All groups of which there is anything here.
    pub(crate) async fn groups(&self, index: &Index) -> Result<Vec<ConsistencyGroupId>, Error> {
        let mut groups = index.groups();
        if !self.config.is_stretched() {
            groups.extend(self.remembered()?);
        }
        groups.sort();
        groups.dedup();
        Ok(groups)
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

/// What is remembered of a group's images: those that are there were seen now.
fn remember(
    before: &BTreeMap<String, Time>,
    index: &Index,
    members: &[Indexed],
    now: Time,
) -> BTreeMap<String, Time> {
    let seen = |member: &Indexed| {
        let at = member.spec();
        let there = index.images.iter().any(|image| image.spec() == at);
        let old = before.get(&at).copied();
        let time = match old {
            Some(old) if !there || now.since(old) < ABOUT => old,
            _ => now,
        };
        (at, time)
    };
    members.iter().map(seen).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str) -> Indexed {
        let group = Some("shop".to_owned());
        Indexed { pool: "rbd".to_owned(), name: name.to_owned(), size: 1, group }
    }

    #[test]
    fn what_is_away_was_not_seen_now() {
        let (took, images) = (Span::ZERO, vec![image("db")]);
        let index = Index { at: Time(0), took, images };
        let members = [image("db"), image("web")];
        let before =
            BTreeMap::from([("rbd/web".to_owned(), Time(7)), ("rbd/x".to_owned(), Time(8))]);
        let after = remember(&before, &index, &members, Time(500_000));
        let wanted = [("rbd/db".to_owned(), Time(500_000)), ("rbd/web".to_owned(), Time(7))];
        assert_eq!(after, BTreeMap::from(wanted));
        assert_eq!(remember(&after, &index, &members, Time(520_000)), after, "nothing to write");
    }

    #[test]
    fn a_group_lies_in_one_pool() {
        let mut members = vec![image("db"), image("web")];
        assert_eq!(one_pool(&members), Ok("rbd"));
        members[1].pool = "ssd".to_owned();
        assert!(one_pool(&members).unwrap_err().message.contains("ssd/web"));
        assert!(one_pool(&[]).is_err());
    }
}
