//! A site of two hosts that are played.

mod daemon;
mod hosts;
mod notes;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_contract::{
    AdapterError, Bound, FenceDomain, HypervisorAdapter, HypervisorOp, Instance, Mode, Mountable,
    Observation, OpContext, OpId, Outcome, Place, Query, Receipt, Token, VmState, VolumeAdapter,
};
use muster_plans::id::{ConsistencyGroupId, RunId, VmId, VolumeId};
use muster_plans::inventory::SiteInventory;
use muster_plans::time::{Span, Time};
use uuid::Uuid;

use super::Libvirt;
use daemon::{Daemon, Vm};

/// Volumes that are wherever somebody looks.
#[derive(Default)]
struct Disks {
    generation: AtomicU64,
    written: Mutex<Vec<VolumeId>>,
}

#[async_trait]
impl VolumeAdapter for Disks {
    async fn bind(&self, volume: &VolumeId, _: Option<&str>) -> Result<Bound, AdapterError> {
        let place = Place::File(format!("/srv/{volume}"));
        let container = "files".into();
        Ok(Bound { volume: volume.clone(), container, size_mib: 1, place, mounted: true })
    }
    async fn volume_at(&self, place: &Place) -> Result<Option<Bound>, AdapterError> {
        let Place::File(path) = place else { return Ok(None) };
        let Some(volume) = path.strip_prefix("/srv/") else { return Ok(None) };
        self.bind(&volume.into(), None).await.map(Some)
    }
    fn is_of(&self, _: &VolumeId, _: &ConsistencyGroupId) -> bool {
        true
    }
    fn home(&self, beside: &VolumeId, _: VmId) -> VolumeId {
        format!("{beside}.home").into()
    }
    async fn read(&self, _: &VolumeId, _: Option<&str>) -> Result<Option<String>, AdapterError> {
        Ok(None)
    }
    async fn write(&self, home: &VolumeId, _: &str) -> Result<(), AdapterError> {
        self.written.lock().unwrap().push(home.clone());
        Ok(())
    }
    async fn mount(&self, _: Mountable<'_>, _: bool) -> Outcome<Receipt> {
        Outcome::Done(Receipt::default())
    }
    async fn writable(&self, _: &VolumeId) -> Result<bool, AdapterError> {
        Ok(true)
    }
    async fn history(&self, _: &VolumeId) -> Result<Option<String>, AdapterError> {
        Ok(Some(self.generation.load(Ordering::SeqCst).to_string()))
    }
}

/// Two hosts, of which each can be taken away, and the agent before them.
struct Site {
    libvirt: Libvirt,
    disks: Arc<Disks>,
    time: Arc<AtomicI64>,
    hosts: Vec<Option<Daemon>>,
    folder: tempfile::TempDir,
}

impl Site {
    fn new(first: Vec<Vm>, second: Vec<Vm>) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let (disks, time) = (Arc::new(Disks::default()), Arc::new(AtomicI64::new(0)));
        let libvirt = agent(&folder, &disks, &time);
        let mut site = Site { libvirt, disks, time, hosts: Vec::new(), folder };
        for (nr, vms) in [first, second].into_iter().enumerate() {
            let daemon = Daemon::start(&site.folder.path().join(format!("kvm-{nr}")), vms);
            site.hosts.push(Some(daemon));
        }
        site
    }

    /// The agent forgets everything.
    fn restart(&mut self) {
        self.libvirt = agent(&self.folder, &self.disks, &self.time);
    }

    /// A host does not answer any more.
    async fn lose(&mut self, nr: usize) {
        self.hosts[nr] = None;
        std::fs::remove_file(self.folder.path().join(format!("kvm-{nr}"))).unwrap();
        while self.libvirt.pool.each().await.1.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    fn host(&self, nr: usize) -> &Daemon {
        self.hosts[nr].as_ref().unwrap()
    }

    async fn does(&self, op: HypervisorOp) -> Outcome<Receipt> {
        self.libvirt.apply(&context(), &op).await
    }

    async fn done(&self, op: HypervisorOp) -> Receipt {
        match self.does(op).await {
            Outcome::Done(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    }

    async fn refused(&self, op: HypervisorOp) -> String {
        match self.does(op).await {
            Outcome::Refused(reason) => reason.message,
            other => panic!("{other:?}"),
        }
    }

    async fn looks(&self, nr: u128) -> Result<Option<VmState>, AdapterError> {
        match self.libvirt.query(&Query::Vm(production(nr))).await?.state {
            Observation::Vm(state) => Ok(state),
            other => panic!("{other:?}"),
        }
    }

    async fn lists(&self) -> Result<SiteInventory, AdapterError> {
        let mut found = SiteInventory::empty("paris".into(), Time(0));
        self.libvirt.inventory(&mut found).await.map(|()| found)
    }
}

fn agent(folder: &tempfile::TempDir, disks: &Arc<Disks>, time: &Arc<AtomicI64>) -> Libvirt {
    let host = |nr: u8| {
        let socket = folder.path().join(format!("kvm-{nr}"));
        let uri = format!("qemu+unix:///system?socket={}", socket.display());
        serde_json::json!({"id": format!("kvm-{nr}"), "uri": uri})
    };
    let config = serde_json::json!({"cluster": "c", "hosts": [host(0), host(1)]});
    let time = Arc::clone(time);
    let now: super::Now = Arc::new(move || Time(time.load(Ordering::SeqCst)));
    let volumes: Arc<dyn VolumeAdapter> = disks.clone();
    Libvirt::new("paris".into(), serde_json::from_value(config).unwrap(), volumes, now).unwrap()
}

fn production(nr: u128) -> Instance {
    Instance::Production(VmId(Uuid::from_u128(nr)))
}

fn context() -> OpContext {
    let run = RunId(Uuid::from_u128(7));
    OpContext {
        op_id: OpId { run, step: "1".parse().unwrap(), attempt: 0, undo: false },
        token: Token::default(),
        domain: FenceDomain { site: "paris".into(), group: None },
        deadline: Time(0) + Span::mins(60),
        dry_run: false,
        mode: Mode::Planned,
        run_tag: None,
    }
}
