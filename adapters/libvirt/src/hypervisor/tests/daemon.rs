//! Daemons that are played, each at a socket of its own, with domains that are what they are told to be.

use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use libvirt_xdr::opaque::FixedOpaque16;
use serde::Serialize;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::codec::Framed;
use uuid::Uuid;

use crate::rpc::DomainRef;
use crate::rpc::frame::{Frame, Kind, REMOTE, Status, codec};

/// A domain as a daemon knows it.
#[derive(Clone)]
pub(super) struct Vm {
    pub(super) uuid: Uuid,
    pub(super) xml: String,
    /// `virDomainState`.
    pub(super) state: i32,
    pub(super) saved: bool,
}

/// What a daemon knows; tests look at it and change it.
#[derive(Default)]
pub(super) struct Knows {
    pub(super) vms: Vec<Vm>,
}

/// A daemon; gone when it is dropped.
pub(super) struct Daemon {
    pub(super) knows: Arc<Mutex<Knows>>,
    _serves: JoinSet<()>,
}

impl Vm {
    /// One with a disk, that runs.
    pub(super) fn new(nr: u128) -> Vm {
        let uuid = Uuid::from_u128(nr);
        let xml = format!(
            "<domain type='kvm'><name>vm-{nr}</name><uuid>{uuid}</uuid><memory>1024</memory><vcpu>1</vcpu>\
             <devices><disk type='file' device='disk'><source file='/srv/erp/vm-{nr}'/>\
             <target dev='vda'/></disk></devices></domain>"
        );
        Vm { uuid, xml, state: 1, saved: false }
    }

    pub(super) fn off(self) -> Vm {
        Vm { state: 5, ..self }
    }

    fn named(&self) -> DomainRef {
        let id = if self.state == 5 { -1 } else { 7 };
        let name = format!("vm-{}", self.uuid.as_u128());
        DomainRef { name, uuid: FixedOpaque16(*self.uuid.as_bytes()), id }
    }
}

impl Daemon {
    pub(super) fn start(socket: &Path, vms: Vec<Vm>) -> Daemon {
        let listener = UnixListener::bind(socket).unwrap();
        let knows = Arc::new(Mutex::new(Knows { vms }));
        let mut serves = JoinSet::new();
        let known = Arc::clone(&knows);
        serves.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((line, _)) = listener.accept().await {
                lines.spawn(serve(line, Arc::clone(&known)));
            }
        });
        Daemon { knows, _serves: serves }
    }

    pub(super) fn vm(&self, nr: usize) -> Vm {
        self.knows.lock().unwrap().vms[nr].clone()
    }
}

async fn serve(line: UnixStream, knows: Arc<Mutex<Knows>>) {
    let mut line = Framed::new(line, codec());
    while let Some(Ok(bytes)) = line.next().await {
        let call = Frame::decode(bytes.freeze()).unwrap();
        let (status, body) = match answer(&call, &mut knows.lock().unwrap()) {
            Ok(body) => (Status::Ok, body),
            Err(code) => (Status::Error, refusal(code)),
        };
        let reply = Frame { kind: Kind::Reply, status, body: Bytes::from(body), ..call };
        if line.send(reply.encode()).await.is_err() {
            return;
        }
    }
}

fn xdr(value: impl Serialize) -> Vec<u8> {
    libvirt_xdr::to_bytes(&value).unwrap()
}

fn refusal(code: i32) -> Vec<u8> {
    let none = || None::<String>;
    xdr((code, 10, Some("no"), 2, None::<()>, none(), none(), none(), 0, 0, None::<()>))
}

/// Numbers of procedures as in `rpc/procedure.rs`.
fn answer(call: &Frame, knows: &mut Knows) -> Result<Vec<u8>, i32> {
    if call.program != REMOTE {
        return Err(crate::rpc::code::AGENT_UNRESPONSIVE);
    }
    let body = &call.body[..];
    Ok(match call.procedure {
        66 => xdr(vec![0_i32]),
        60 | 316 => xdr(0_i32),
        1 => Vec::new(),
        59 => xdr("kvm"),
        6 => xdr(([0_i32; 32], 1_u64 << 20, 1, 1, 1, 1, 1, 1)),
        102 => xdr(1_u64 << 30),
        7 => xdr("<capabilities><host><cpu><model>m</model></cpu></host></capabilities>"),
        273 => {
            let all: Vec<DomainRef> = knows.vms.iter().map(Vm::named).collect();
            let count = u32::try_from(all.len()).unwrap();
            xdr((all, count))
        }
        283 => xdr((Vec::<DomainRef>::new(), 0_u32)),
        344 => xdr(Vec::<i32>::new()),
        24 => {
            let uuid = Uuid::from_slice(body).unwrap();
            xdr(knows.vms.iter().find(|vm| vm.uuid == uuid).ok_or(42)?.named())
        }
        350 => {
            let (xml, _): (String, u32) = libvirt_xdr::from_bytes(body).unwrap();
            let vm = knows.vms.iter_mut().find(|vm| xml.contains(&vm.uuid.to_string()));
            let vm = vm.ok_or(55)?;
            vm.xml = xml;
            xdr(vm.named())
        }
        number => return of_domain(number, body, knows),
    })
}

fn of_domain(number: u32, body: &[u8], knows: &mut Knows) -> Result<Vec<u8>, i32> {
    // A name, its length and what fills it up; then sixteen bytes.
    let length = u32::from_be_bytes(body[..4].try_into().unwrap()) as usize;
    let begin = 4 + length.div_ceil(4) * 4;
    let uuid = Uuid::from_slice(&body[begin..begin + 16]).unwrap();
    let vm = knows.vms.iter_mut().find(|vm| vm.uuid == uuid).ok_or(42)?;
    Ok(match number {
        14 => xdr(&vm.xml),
        212 => xdr((vm.state, 0_i32)),
        15 => xdr(0_i32),
        183 => xdr(i32::from(vm.saved)),
        298 => xdr((0_i32, Vec::<i32>::new())),
        229 => xdr((0_u32, 0_u32, 0_u64)),
        258 => Vec::new(),
        12 => {
            vm.state = 5;
            Vec::new()
        }
        182 => {
            (vm.state, vm.saved) = (5, true);
            Vec::new()
        }
        184 => {
            vm.saved = false;
            Vec::new()
        }
        196 => {
            (vm.state, vm.saved) = (1, false);
            xdr(vm.named())
        }
        _ => return Err(crate::rpc::code::NO_SUPPORT),
    })
}
