//! The recording as a story: what happened to the files of one folder, in order.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};

use crate::mark::Mark;
use crate::strace::{self, Call};

/// A file, whatever its name is at the moment.
pub(crate) type Ino = usize;

/// The folder itself, as far as it is synced.
pub(crate) const FOLDER: Ino = usize::MAX;

/// What happens to a file. All of it is on its way to the disk until the file is synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Bytes at a place.
    Write { at: u64, bytes: Arc<[u8]> },
    /// So long from now on.
    Size(u64),
    /// Names of the folder that mean another file now, or none. One rename is one change.
    Names(Vec<(String, Option<Ino>)>),
}

/// One moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Something changes.
    Changed(Ino, Change),
    /// A sync begins: it is about what was written until now.
    SyncBegan(Ino, usize),
    /// The sync with this number has ended.
    Synced(Ino, usize),
    /// The process says something.
    Said(Mark),
}

/// What was recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    pub(crate) moments: Vec<Moment>,
    pub(crate) files: usize,
}

/// Files whose content need not survive: locks, and the index of the log, which is mapped and made anew
/// by whoever opens the database first.
pub(crate) fn is_passing(name: &str) -> bool {
    name.ends_with("-shm") || name.ends_with(".lock")
}

struct Director<'a> {
    folder: &'a str,
    names: BTreeMap<String, Ino>,
    fds: HashMap<u64, Option<Ino>>,
    /// Where the next write of a descriptor goes.
    cursors: HashMap<u64, u64>,
    passing: Vec<bool>,
    scene: Scene,
    /// Ends of syncs, by the line on which they stand.
    ends: Vec<(usize, Ino, usize)>,
}

impl Scene {
    /// Understands a trace.
    pub(crate) fn of(trace: &str, folder: &Path) -> anyhow::Result<Scene> {
        let mut director = Director {
            folder: folder.to_str().context("a folder with a strange name")?,
            names: BTreeMap::new(),
            fds: HashMap::new(),
            cursors: HashMap::new(),
            passing: Vec::new(),
            scene: Scene::default(),
            ends: Vec::new(),
        };
        for call in strace::read(trace)? {
            director.end_syncs(call.began);
            director.take(&call).with_context(|| format!("line {}", call.began + 1))?;
        }
        director.end_syncs(usize::MAX);
        let mut scene = director.scene;
        scene.files = director.passing.len();
        Ok(scene)
    }
}

impl Director<'_> {
    fn end_syncs(&mut self, before: usize) {
        self.ends.sort_unstable();
        while self.ends.first().is_some_and(|(line, ..)| *line < before) {
            let (_, ino, number) = self.ends.remove(0);
            self.scene.moments.push(Moment::Synced(ino, number));
        }
    }

    fn take(&mut self, call: &Call) -> anyhow::Result<()> {
        match call.name.as_str() {
            "openat" => self.open(call)?,
            "close" => drop(self.fds.remove(&call.number(0)?)),
            "write" => self.write(call, None)?,
            "pwrite64" => self.write(call, Some(call.number(3)?))?,
            "ftruncate" => {
                let size = call.number(1)?;
                self.change(call.number(0)?, Change::Size(size));
            }
            "fsync" | "fdatasync" => self.sync(call)?,
            "unlink" => {
                if let Some(name) = self.inside(call.path(0)?) {
                    self.names.remove(&name);
                    self.name(vec![(name, None)]);
                }
            }
            "rename" => {
                let (from, to) = (self.inside(call.path(0)?), self.inside(call.path(1)?));
                let (Some(from), Some(to)) = (from, to) else { return Ok(()) };
                let ino = self.names.remove(&from).context("a file without a name")?;
                self.names.insert(to.clone(), ino);
                self.name(vec![(from, None), (to, Some(ino))]);
            }
            "mmap" => self.map(call)?,
            // Whatever else changes a file is not understood here, and a recording of it is none.
            _ => bail!("{call:?} is not understood"),
        }
        Ok(())
    }

    fn inside(&self, path: &str) -> Option<String> {
        let name = path.strip_prefix(self.folder)?.strip_prefix('/')?;
        Some(name.to_owned())
    }

    fn open(&mut self, call: &Call) -> anyhow::Result<()> {
        let fd = u64::try_from(call.result)?;
        let (path, flags) = (call.path(1)?.to_owned(), call.word(2)?);
        let mut ino = (path == self.folder).then_some(FOLDER);
        if let Some(name) = self.inside(&path) {
            let known = self.names.get(&name).copied();
            ino = Some(known.unwrap_or_else(|| self.create(name)));
        }
        self.fds.insert(fd, ino);
        self.cursors.insert(fd, 0);
        if flags.split('|').any(|flag| flag == "O_TRUNC") {
            self.change(fd, Change::Size(0));
        }
        Ok(())
    }

    fn create(&mut self, name: String) -> Ino {
        let ino = self.passing.len();
        self.passing.push(is_passing(&name));
        self.names.insert(name.clone(), ino);
        self.name(vec![(name, Some(ino))]);
        ino
    }

    fn name(&mut self, names: Vec<(String, Option<Ino>)>) {
        if !names.iter().all(|(name, _)| is_passing(name)) {
            self.scene.moments.push(Moment::Changed(FOLDER, Change::Names(names)));
        }
    }

    fn write(&mut self, call: &Call, at: Option<u64>) -> anyhow::Result<()> {
        let (fd, bytes) = (call.number(0)?, call.bytes(1)?);
        if fd == 1 {
            let mark = serde_json::from_slice(bytes).context("a line that is no mark")?;
            self.scene.moments.push(Moment::Said(mark));
            return Ok(());
        }
        if self.fds.get(&fd).copied().flatten().is_none() {
            return Ok(());
        }
        ensure!(bytes.len() as i64 == call.result, "a write that was cut short");
        let cursor = self.cursors.entry(fd).or_default();
        let at = at.unwrap_or_else(|| std::mem::replace(cursor, *cursor + bytes.len() as u64));
        self.change(fd, Change::Write { at, bytes: Arc::from(bytes) });
        Ok(())
    }

    fn change(&mut self, fd: u64, change: Change) {
        if let Some(ino) = self.fds.get(&fd).copied().flatten()
            && ino != FOLDER
            && !self.passing[ino]
        {
            self.scene.moments.push(Moment::Changed(ino, change));
        }
    }

    fn sync(&mut self, call: &Call) -> anyhow::Result<()> {
        if let Some(ino) = self.fds.get(&call.number(0)?).copied().flatten()
            && (ino == FOLDER || !self.passing[ino])
        {
            let number = call.began;
            self.scene.moments.push(Moment::SyncBegan(ino, number));
            self.ends.push((call.ended, ino, number));
        }
        Ok(())
    }

    /// A file that is written through memory would be written behind the recorder's back.
    fn map(&self, call: &Call) -> anyhow::Result<()> {
        let shared = call.word(3)?.contains("MAP_SHARED") && call.word(2)?.contains("PROT_WRITE");
        let ino = call.number(4).ok().and_then(|fd| self.fds.get(&fd).copied().flatten());
        let unseen = shared && ino.is_some_and(|ino| ino == FOLDER || !self.passing[ino]);
        ensure!(!unseen, "a file is written through memory: {call:?}");
        Ok(())
    }
}
