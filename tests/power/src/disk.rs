//! A disk on the way through a scene: what is on it for sure, and what may be.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::mark::{Held, Mark, Step};
use crate::scene::{Change, FOLDER, Ino, Moment, Scene};

/// A change that is on its way.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// Rises from change to change.
    serial: u64,
    pub(crate) ino: Ino,
    pub(crate) change: Change,
}

/// A disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// Content that was synced, by file.
    pub(crate) files: Vec<Arc<Vec<u8>>>,
    /// Names that were synced.
    pub(crate) names: BTreeMap<String, Ino>,
    /// What was not synced yet, in order.
    pub(crate) pending: Vec<Pending>,
    /// How many changes there were until a sync began, by its number.
    syncs: HashMap<usize, u64>,
    changes: u64,
    /// What was acknowledged.
    pub(crate) acknowledged: Held,
    /// The transaction that is under way. There are two where a server stopped in the middle of one and
    /// the next server has begun its own.
    pub(crate) begun: Vec<Step>,
}

impl Disk {
    pub(crate) fn before(scene: &Scene) -> Disk {
        Disk { files: vec![Arc::default(); scene.files], ..Disk::default() }
    }

    /// One moment later.
    pub(crate) fn pass(&mut self, moment: &Moment) {
        match moment {
            Moment::Changed(ino, change) => {
                let (serial, ino, change) = (self.changes, *ino, change.clone());
                self.changes += 1;
                self.pending.push(Pending { serial, ino, change });
            }
            Moment::SyncBegan(_, number) => drop(self.syncs.insert(*number, self.changes)),
            Moment::Synced(ino, number) => {
                let until = self.syncs.remove(number).unwrap_or(0);
                self.settle(*ino, until);
            }
            Moment::Said(Mark::Begin(step)) => self.begun.extend(step.clone()),
            Moment::Said(Mark::Ack(step)) => {
                self.acknowledged.apply(step);
                // A lease says nothing of what its owner finds in the journal.
                if !matches!(step, Step::Taken(_)) {
                    self.begun.clear();
                }
            }
        }
    }

    /// Changes of a file that came before this one are durable.
    fn settle(&mut self, ino: Ino, until: u64) {
        let (settled, left) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|entry: &Pending| entry.ino == ino && entry.serial < until);
        self.pending = left;
        let settled: Vec<Pending> = settled;
        for entry in settled {
            match entry.change {
                Change::Names(names) => self.rename(&names),
                Change::Size(size) => {
                    Arc::make_mut(&mut self.files[ino]).resize(size as usize, 0);
                }
                Change::Write { at, bytes } => {
                    let file = Arc::make_mut(&mut self.files[ino]);
                    let (from, to) = (at as usize, at as usize + bytes.len());
                    file.resize(file.len().max(to), 0);
                    file[from..to].copy_from_slice(&bytes);
                }
            }
        }
    }

    fn rename(&mut self, names: &[(String, Option<Ino>)]) {
        for (name, ino) in names {
            match ino {
                Some(ino) => drop(self.names.insert(name.clone(), *ino)),
                None => drop(self.names.remove(name)),
            }
        }
    }

    /// Everything is durable: what a machine that was shut down in good order finds.
    pub(crate) fn flush(&mut self) {
        let until = self.changes;
        for ino in (0..self.files.len()).chain([FOLDER]) {
            self.settle(ino, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: u64, bytes: &[u8]) -> Change {
        Change::Write { at, bytes: Arc::from(bytes) }
    }

    #[test]
    fn a_sync_is_about_its_own_file_and_about_what_was_written_before_it_began() {
        let scene = Scene { files: 2, ..Scene::default() };
        let mut disk = Disk::before(&scene);
        let named = Change::Names(vec![(String::from("a"), Some(0))]);
        for moment in [
            Moment::Changed(FOLDER, named),
            Moment::Changed(0, write(0, b"one")),
            Moment::Changed(1, write(0, b"other")),
            Moment::SyncBegan(0, 9),
            Moment::Changed(0, write(3, b"two")),
            Moment::Synced(0, 9),
        ] {
            disk.pass(&moment);
        }
        assert_eq!((disk.files[0].as_slice(), disk.files[1].len()), (b"one".as_slice(), 0));
        assert!(disk.names.is_empty(), "the folder was not synced");
        assert_eq!(disk.pending.len(), 3);
        disk.flush();
        assert_eq!(disk.files[0].as_slice(), b"onetwo");
        assert_eq!(disk.names, [(String::from("a"), 0)].into());
    }
}
