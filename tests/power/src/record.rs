//! Records a process that plays the workload.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use muster_engine::{Journal, Record};
use muster_plans::id::RunId;
use muster_store::{RunFilter, Store};

use crate::disk::Disk;
use crate::image::image;
use crate::scene::{Change, FOLDER, Ino, Moment, Scene, is_passing};
use crate::told::options;

/// Calls that change a file, or that say which one is meant. Those that the reader does not understand
/// are recorded too, so that it notices.
const CALLS: &str = "openat,open,creat,close,dup,dup2,dup3,write,pwrite64,writev,pwritev,pwritev2,\
    ftruncate,truncate,fallocate,fsync,fdatasync,sync,syncfs,sync_file_range,rename,renameat,\
    renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mmap,sendfile,copy_file_range,io_uring_setup";

/// The database's name in its folder.
pub(crate) const DATABASE: &str = "muster.db";

/// What the name of SQLite's log ends with, and the bytes of its header.
const LOG: &str = "-wal";
const LOG_HEADER: usize = 32;

/// A database that promises more than it keeps, to see that it is found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// None.
    #[default]
    None,
    /// The log is not synced at commits: what `synchronous=NORMAL` leaves out.
    LogNotSynced,
    /// Nothing is synced: what `synchronous=OFF` leaves out.
    NothingSynced,
    /// The database itself is not synced before the log is begun anew.
    DatabaseNotSynced,
}

/// A run that was recorded, and what it left behind.
#[derive(Clone, Debug)]
pub struct Recording {
    pub(crate) scene: Scene,
    pub(crate) records: BTreeMap<RunId, Vec<Record>>,
    pub(crate) graphs: BTreeMap<RunId, String>,
}

impl Recording {
    /// Records a program that is told `child --db PATH` and plays [`crate::play`].
    ///
    /// # Errors
    /// Where the program or `strace` fails, or what was recorded is not what is on the disk.
    pub fn of(program: &Path) -> anyhow::Result<Recording> {
        let folder = tempfile::tempdir()?;
        // As the calls name it.
        let place = folder.path().canonicalize()?.join("data");
        std::fs::create_dir(&place)?;
        let trace = folder.path().join("trace");
        run(program, &place.join(DATABASE), &trace)?;
        let scene = Scene::of(&std::fs::read_to_string(&trace)?, &place)?;
        is_what_is_there(&scene, &place)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (records, graphs) = runtime.block_on(left_behind(&place.join(DATABASE)))?;
        Ok(Recording { scene, records, graphs })
    }

    /// The same, as if some syncs had not been asked for.
    #[must_use]
    pub fn sabotaged(mut self, how: Sabotage) -> Recording {
        let logs = self.files(|name| name.ends_with(LOG));
        let databases = self.files(|name| name == DATABASE);
        self.scene.moments.retain(|moment| match (how, moment) {
            (Sabotage::LogNotSynced, Moment::Synced(ino, _)) => !logs.contains(ino),
            (Sabotage::DatabaseNotSynced, Moment::Synced(ino, _)) => !databases.contains(ino),
            (Sabotage::NothingSynced, Moment::Synced(..)) => false,
            _ => true,
        });
        self
    }

    /// How often SQLite began its log anew, having copied it into the database.
    pub fn log_restarts(&self) -> usize {
        let logs = self.files(|name| name.ends_with(LOG));
        let begins = self.scene.moments.iter().filter(|moment| match moment {
            Moment::Changed(ino, Change::Write { at: 0, bytes }) => {
                logs.contains(ino) && bytes.len() == LOG_HEADER
            }
            _ => false,
        });
        begins.count() - logs.len()
    }

    /// Files that ever had such a name.
    fn files(&self, named: impl Fn(&str) -> bool) -> BTreeSet<Ino> {
        let names = self.scene.moments.iter().filter_map(|moment| match moment {
            Moment::Changed(FOLDER, Change::Names(names)) => Some(names),
            _ => None,
        });
        names.flatten().filter(|(name, _)| named(name)).filter_map(|(_, ino)| *ino).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the workload is recorded in a process of its own")]
fn run(program: &Path, db: &Path, trace: &PathBuf) -> anyhow::Result<()> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "--seccomp-bpf", "-e", "signal=none", "-xx", "-s", "16777216"]);
    strace.args(["-e", &format!("trace={CALLS}"), "-o"]).arg(trace).arg("--");
    strace.arg(program).args(["child", "--db"]).arg(db);
    let output = strace.stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let output = output.context("strace is needed: apt-get install strace")?;
    if !output.status.success() {
        bail!(
            "the workload ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// With everything kept the disk of the recording is the real one, byte for byte: nothing was missed.
fn is_what_is_there(scene: &Scene, place: &Path) -> anyhow::Result<()> {
    let mut disk = Disk::before(scene);
    scene.moments.iter().for_each(|moment| disk.pass(moment));
    ensure!(!disk.acknowledged.runs.is_empty(), "nothing was acknowledged");
    disk.flush();
    let recorded = image(&disk, &[], None);
    let mut names: Vec<String> = recorded.keys().cloned().collect();
    for (name, content) in recorded {
        let real = std::fs::read(place.join(&name))?;
        ensure!(real == **content, "{name} is not what was recorded");
    }
    let there = std::fs::read_dir(place)?.map(|entry| Ok(entry?.file_name().into_string()));
    let there = there.collect::<std::io::Result<Vec<_>>>()?;
    let mut there: Vec<String> =
        there.into_iter().flatten().filter(|name| !is_passing(name)).collect();
    names.retain(|name| !is_passing(name));
    there.sort();
    ensure!(there == names, "recorded were {names:?}, there are {there:?}");
    Ok(())
}

type Left = (BTreeMap<RunId, Vec<Record>>, BTreeMap<RunId, String>);

/// Journals and graphs at the end.
async fn left_behind(db: &Path) -> anyhow::Result<Left> {
    let store = Store::open(&db.display().to_string(), options()).await?;
    let (mut records, mut graphs) = Left::default();
    for run in store.runs().list(&RunFilter::default(), None, 100).await?.items {
        records.insert(run.id, store.read(run.id, 0).await?);
        graphs.insert(run.id, store.runs().graph(run.id).await?.unwrap_or_default());
    }
    store.close().await?;
    Ok((records, graphs))
}
