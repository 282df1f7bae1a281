//! Whether a leg that returns may be written: it has the last word of its pair, or is told that it has.
//!
//! What is remembered of a leg is of the time before the agent stopped. Meanwhile the other one may have been
//! promoted, and until it was heard nobody here knows. So a leg that was left writable is closed when the agent
//! starts, unless it cannot have been outdone: the other site never had anything of it, or this site keeps the other
//! one out, which is how a failover leaves the site that it went to. It is opened when the other site was heard and
//! does not claim it, when a run promotes it on evidence, or on a person's word that the other site is gone. Time
//! opens nothing: a link that is cut stays cut for hours.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::{Btrfs, Group};
use crate::error::Error;
use crate::file;
use muster_adapter_pair::Leg;

impl Group {
    /// Whether its leg has the last word, as far as anybody can know.
    pub(crate) fn is_sure(&self) -> bool {
        self.sure.load(Ordering::SeqCst)
    }

    pub(crate) fn set_sure(&self) {
        self.sure.store(true, Ordering::SeqCst);
    }
}

impl Btrfs {
    /// Whether production may begin to write to a leg: it lets writes through, and is sure of itself.
    pub(crate) fn lets_begin(&self, group: &Group, leg: &Leg) -> bool {
        group.is_sure() && self.lets_write(group, leg)
    }

    /// Why nobody begins to write to a leg.
    pub(crate) fn why_closed(&self, group: &Group, leg: &Leg) -> String {
        if group.is_sure() || !leg.serves(self.fence()) {
            return format!("{} is not writable here", group.id);
        }
        format!(
            "{} stays closed here after a restart until {} was heard, which may have been promoted; if that site is \
             gone, make the file {}",
            group.id,
            self.peer_site(),
            self.word().display()
        )
    }

    /// Where a person says that the other site is gone. It holds until that site is heard.
    fn word(&self) -> PathBuf {
        self.layout.root().join("state/peer-is-gone")
    }

    /// The other site was heard, whatever it said: each leg knows by now what became of it.
    pub(super) fn heard(&self) -> Result<(), Error> {
        self.groups().iter().for_each(|group| group.set_sure());
        let word = self.word();
        if word.exists() { file::remove(&word) } else { Ok(()) }
    }

    /// The other site does not answer; a person may have said that it never will.
    pub(crate) async fn alone(&self) -> Result<(), Error> {
        let waits = || self.groups().into_iter().filter(|group| !group.is_sure());
        if waits().next().is_none() || !self.word().exists() {
            return Ok(());
        }
        for group in waits() {
            tracing::warn!(group = %group.id, peer = %self.peer_site(),
                "a person says that the other site is gone");
            let leg = group.leg.lock().await;
            group.set_sure();
            self.enforce(&group, &leg).await?;
        }
        Ok(())
    }

    /// Says at the start what waits.
    pub(super) async fn say_what_waits(&self) {
        for group in self.groups() {
            let leg = group.leg.lock().await;
            if !group.is_sure() && leg.serves(self.fence()) {
                tracing::warn!(site.name = %self.site, "{}", self.why_closed(&group, &leg));
            }
        }
    }
}
