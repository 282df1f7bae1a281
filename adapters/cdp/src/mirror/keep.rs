//! Keeps the mirrors of a group at the source: begins them, watches them, and says when all hold.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_adapter_libvirt::replicate::RunningDisk;
use muster_plans::time::{Span, Time};

use super::Relays;
use crate::error::Error;
use crate::peer::{Beat, BeginMirror, Commit, Describes, Place};
use crate::ship::{Stamp, raw};
use crate::store::{Cdp, Group};

/// How soon a mirror is begun again that ended.
const AGAIN: Span = Span::secs(3);

/// Mirrors of one group, from when they were begun until the first one ends.
pub(crate) struct Session {
    relays: Relays,
    describes: Describes,
    disks: BTreeMap<String, (uuid::Uuid, String)>,
    /// Files that no guest has open, as they were sent.
    sent: BTreeMap<String, Stamp>,
}

impl Session {
    fn fits(&self, used: &[(String, RunningDisk)]) -> bool {
        let same = |(file, disk): &(String, RunningDisk)| {
            self.disks.get(file) == Some(&(disk.vm, disk.target.clone()))
        };
        !self.relays.has_ended() && used.iter().all(same)
    }
}

impl Cdp {
    /// One look; says when to look again. For whoever holds `doing`.
    pub(crate) async fn keep_mirror(&self, group: &Group) -> Time {
        let second = Span::secs(1);
        let kept = self.try_mirror(group).await;
        match kept {
            Ok(()) => self.now() + second,
            Err(error) => {
                // Its lines end here: QEMU ends the mirrors, and no guest waits any longer.
                *group.session.lock().await = None;
                group.set_mirrored(None);
                tracing::warn!(group = %group.id, %error, was = ?group.was_mirrored(), "the mirror is not in sync");
                self.now() + AGAIN
            }
        }
    }

    async fn try_mirror(&self, group: &Group) -> Result<(), Error> {
        // Before the look: what is found to hold held then.
        let at = self.now();
        let used = self.used(group).await;
        let mut held = group.session.lock().await;
        // A daemon that is restarted ends no mirror; the other site is asked whether it is there all the same.
        if let (Some(session), Err(Error::Guests(error))) = (held.as_ref(), &used)
            && !session.relays.has_ended()
        {
            tracing::warn!(group = %group.id, %error, "whether the mirror holds is not known");
            let beat = Beat { describes: session.describes.clone(), at: None, files: Vec::new() };
            return self.client.beat(&group.id, &beat, self.config.patience).await;
        }
        let used = used?;
        if used.is_empty() {
            *held = None;
            group.set_mirrored(None);
            drop(held);
            return self.ship_changes(group).await;
        }
        let Some(session) = held.as_mut().filter(|session| session.fits(&used)) else {
            *held = None;
            group.set_mirrored(None);
            let began = self.start_mirror(group, &used).await?;
            *held = Some(began);
            return Ok(());
        };
        let ours = |(file, disk): &(String, RunningDisk)| {
            let socket = self.layout.socket(&group.id, file, "m").display().to_string();
            disk.mirror.as_ref().is_some_and(|m| m.socket.as_deref() == Some(socket.as_str()))
        };
        if let Some((file, _)) = used.iter().find(|disk| !ours(disk)) {
            return Err(Error::NotNow(format!("the mirror of {file} has ended")));
        }
        let ready = used.iter().all(|(_, d)| d.mirror.as_ref().is_some_and(|mirror| mirror.ready));
        let stamps = self.stamps(group).await?;
        let mut changed = stamps.clone();
        changed.retain(|name, stamp| {
            used.iter().all(|(file, _)| file != name) && session.sent.get(name) != Some(stamp)
        });
        if !changed.is_empty() {
            // However long this takes, guests wait no longer than for a site that answers.
            tokio::select! {
                sent = self.send_aside(group, &session.describes, &changed) => sent?,
                error = self.watch(group, &session.describes) => return Err(error),
            }
            session.sent.extend(changed);
        }
        let files = stamps.into_keys().collect();
        let beat = Beat { describes: session.describes.clone(), at: ready.then_some(at), files };
        self.client.beat(&group.id, &beat, self.config.patience).await?;
        group.set_mirrored(ready.then_some(at));
        Ok(())
    }

    /// Sends files that no guest has open, each of them whole or not at all.
    async fn send_aside(
        &self,
        group: &Group,
        describes: &Describes,
        changed: &BTreeMap<String, Stamp>,
    ) -> Result<(), Error> {
        for name in changed.keys() {
            let path = self.layout.live(&group.id)?.join(name);
            let part = self.send_file(group, describes, name, &path).await?;
            let files = BTreeMap::from([(name.clone(), part)]);
            let commit = Commit { describes: describes.clone(), files };
            self.client.commit(&group.id, &commit).await?;
        }
        Ok(())
    }

    /// Ends when the other site does not answer any more.
    async fn watch(&self, group: &Group, describes: &Describes) -> Error {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let beat = Beat { describes: describes.clone(), at: None, files: Vec::new() };
            let answer = self.client.beat(&group.id, &beat, self.config.patience).await;
            if let Err(error) = answer {
                return error;
            }
        }
    }

    async fn start_mirror(
        &self,
        group: &Group,
        used: &[(String, RunningDisk)],
    ) -> Result<Session, Error> {
        raw(used)?;
        for (file, disk) in used {
            let Some(mirror) = &disk.mirror else { continue };
            let own = self.layout.socket(&group.id, file, "m").display().to_string();
            if mirror.socket.as_deref() != Some(own.as_str()) {
                let text = format!("somebody else copies {} of {}", disk.target, disk.name);
                return Err(Error::NotNow(text));
            }
            self.guests.end_mirror(disk.vm, &disk.target).await?;
        }
        let describes = self.describes(group, Place::Mirror).await?;
        let live = self.layout.live(&group.id)?;
        let mut files = BTreeMap::new();
        for (file, _) in used {
            let path = live.join(file);
            let found = path.metadata().map_err(Error::io("cannot look at", &path))?;
            files.insert(file.clone(), found.len());
        }
        let asked = BeginMirror { describes: describes.clone(), files };
        self.client.begin_mirror(&group.id, &asked).await?;
        let ends = used.iter().map(|(file, _)| {
            (file.clone(), live.join(file), self.layout.socket(&group.id, file, "m"))
        });
        let relays = Relays::start(&self.client, &group.id, &describes, ends.collect())?;
        let mut disks = BTreeMap::new();
        for (file, disk) in used {
            let socket = self.layout.socket(&group.id, file, "m").display().to_string();
            self.guests.mirror(disk.vm, &disk.target, &socket, file).await?;
            disks.insert(file.clone(), (disk.vm, disk.target.clone()));
        }
        tracing::info!(group = %group.id, disks = disks.len(), "a mirror begins");
        Ok(Session { relays, describes, disks, sent: BTreeMap::new() })
    }
}
