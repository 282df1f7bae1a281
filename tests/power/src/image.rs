//! One state in which the disk may be found: what is on it for sure, and a part of what may be.

use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;

use crate::disk::Disk;
use crate::scene::{Change, Ino};

/// What became of a change that was not synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing of it is there.
    Lost,
    /// All of it is.
    Kept,
    /// Of a write some sectors of so many bytes are, by this seed, and the file may be longer all the
    /// same.
    Sectors { size: u64, seed: u64 },
    /// Of a write so many bytes from its start are.
    Cut(usize),
}

/// Files by name.
pub(crate) type Files = BTreeMap<String, Arc<Vec<u8>>>;

/// The files as they are found. Where a file is longer than what was written there is zero, or with a
/// seed noise: what lay on the disk before.
pub(crate) fn image(disk: &Disk, fates: &[Fate], noise: Option<u64>) -> Files {
    let mut names = disk.names.clone();
    let mut changed: BTreeMap<Ino, Vec<(&Change, &Fate)>> = BTreeMap::new();
    for (pending, fate) in disk.pending.iter().zip(fates) {
        match &pending.change {
            Change::Names(new) if *fate == Fate::Kept => {
                for (name, ino) in new {
                    match ino {
                        Some(ino) => drop(names.insert(name.clone(), *ino)),
                        None => drop(names.remove(name)),
                    }
                }
            }
            Change::Names(_) => {}
            change => changed.entry(pending.ino).or_default().push((change, fate)),
        }
    }
    let mut found = Files::new();
    for (name, ino) in names {
        let mut file = Arc::clone(&disk.files[ino]);
        for (change, fate) in changed.get(&ino).into_iter().flatten() {
            if **fate != Fate::Lost {
                apply(Arc::make_mut(&mut file), change, fate, noise);
            }
        }
        found.insert(name, file);
    }
    found
}

fn apply(file: &mut Vec<u8>, change: &Change, fate: &Fate, noise: Option<u64>) {
    let (at, bytes) = match change {
        Change::Write { at, bytes } => (*at as usize, bytes),
        Change::Size(size) => return resize(file, *size as usize, Some(0), noise),
        Change::Names(_) => return,
    };
    match fate {
        Fate::Lost => {}
        Fate::Kept => put(file, at, bytes, noise),
        Fate::Cut(len) => put(file, at, &bytes[..(*len).min(bytes.len())], noise),
        Fate::Sectors { size, seed } => {
            let (mut rng, size, mut from) = (Rng::with_seed(*seed), *size as usize, 0);
            while from < bytes.len() {
                let to = (from + size - (at + from) % size).min(bytes.len());
                if rng.bool() {
                    put(file, at + from, &bytes[from..to], noise);
                }
                from = to;
            }
            if rng.bool() {
                resize(file, at + bytes.len(), None, noise);
            }
        }
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8], noise: Option<u64>) {
    if !bytes.is_empty() {
        resize(file, at + bytes.len(), None, noise);
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

/// Makes it so long; shorter only where that is meant.
fn resize(file: &mut Vec<u8>, size: usize, least: Option<usize>, noise: Option<u64>) {
    if size < file.len() {
        if least.is_some() {
            file.truncate(size);
        }
        return;
    }
    match noise {
        None => file.resize(size, 0),
        Some(seed) => {
            let mut rng = Rng::with_seed(seed ^ file.len() as u64);
            file.resize_with(size, || rng.u8(..));
        }
    }
}

/// A random fate for each change, in one of the ways in which disks lose things.
pub(crate) fn fates(disk: &Disk, rng: &mut Rng) -> Vec<Fate> {
    let len = disk.pending.len();
    // In order up to some change, all but a few, few, or each as it comes.
    let (until, kept) = match rng.u8(0..4) {
        0 if rng.bool() => (len, 1.0),
        0 => (rng.usize(0..=len), 1.0),
        1 => (len, 0.9),
        2 => (len, 0.2),
        _ => (len, 0.5),
    };
    let torn = [0.0, 0.0, 0.2, 0.8][rng.usize(0..4)];
    let mut fates = Vec::with_capacity(len);
    for (n, pending) in disk.pending.iter().enumerate() {
        let splits = matches!(pending.change, Change::Write { .. });
        // The last one of those in order is torn.
        let edge = n + 1 == until && until < len;
        fates.push(if n >= until || rng.f64() > kept {
            Fate::Lost
        } else if splits && (edge || rng.f64() < torn) {
            tear(&pending.change, rng)
        } else {
            Fate::Kept
        });
    }
    fates
}

fn tear(change: &Change, rng: &mut Rng) -> Fate {
    let Change::Write { bytes, .. } = change else { return Fate::Kept };
    match rng.u8(0..3) {
        0 => Fate::Cut(rng.usize(0..=bytes.len())),
        1 => Fate::Sectors { size: 4096, seed: rng.u64(..) },
        _ => Fate::Sectors { size: 512, seed: rng.u64(..) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{FOLDER, Moment, Scene};

    fn disk() -> Disk {
        let mut disk = Disk::before(&Scene { files: 1, ..Scene::default() });
        let names = Change::Names(vec![(String::from("a"), Some(0))]);
        for (ino, change) in [
            (FOLDER, names),
            (0, Change::Write { at: 0, bytes: Arc::from([1; 600].as_slice()) }),
            (0, Change::Write { at: 600, bytes: Arc::from([2; 10].as_slice()) }),
            (0, Change::Size(5)),
        ] {
            disk.pass(&Moment::Changed(ino, change));
        }
        disk
    }

    fn found(fates: [Fate; 4], noise: Option<u64>) -> Option<Vec<u8>> {
        image(&disk(), &fates, noise).remove("a").map(|file| file.to_vec())
    }

    #[test]
    fn what_is_lost_is_not_there_and_what_is_kept_is() {
        use Fate::{Cut, Kept, Lost};
        assert_eq!(found([Lost, Kept, Kept, Lost], None), None);
        assert_eq!(found([Kept, Lost, Lost, Lost], None), Some(Vec::new()));
        let all = found([Kept, Kept, Kept, Lost], None).unwrap();
        assert_eq!((all.len(), all[599], all[600]), (610, 1, 2));
        let hole = found([Kept, Lost, Kept, Lost], None).unwrap();
        assert_eq!((hole.len(), hole[599], hole[600]), (610, 0, 2));
        assert_eq!(found([Kept, Cut(3), Lost, Lost], None), Some(vec![1; 3]));
        assert_eq!(found([Kept, Kept, Kept, Kept], None), Some(vec![1; 5]));
    }

    #[test]
    fn a_torn_write_has_whole_sectors_of_the_disk() {
        for seed in 0..50 {
            let torn = Fate::Sectors { size: 512, seed };
            let file = found([Fate::Kept, torn, Fate::Lost, Fate::Lost], Some(seed)).unwrap();
            // The sector border is the disk's: 512, not 600.
            let whole = |part: &[u8]| part.iter().all(|byte| *byte == 1);
            assert!([0, 512, 600].contains(&file.len()), "{}", file.len());
            let parts: Vec<bool> = file.chunks(512).map(whole).collect();
            let noise = file.chunks(512).map(|p| p.iter().filter(|b| **b == 1).count() < 20);
            assert!(parts.iter().zip(noise).all(|(whole, noise)| *whole || noise), "{parts:?}");
        }
    }
}
