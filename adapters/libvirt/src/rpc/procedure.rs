//! The procedures that are called, with their numbers and arguments (`remote_protocol.x`).

use libvirt_xdr::opaque::FixedOpaque16;
use serde::{Deserialize, Serialize};

use super::connection::Lifecycle;
use super::frame::{QEMU, REMOTE};

/// A procedure with its arguments.
pub trait Call: Serialize {
    /// Whose procedure it is.
    const PROGRAM: u32 = REMOTE;
    /// Its number.
    const PROCEDURE: u32;
    /// What it answers.
    type Answer;
}

/// Declares calls: name, number, arguments in their order, answer.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident = $number:literal
        { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? } -> $answer:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }

        impl Call for $name {
            const PROCEDURE: u32 = $number;
            type Answer = $answer;
        }
    )*};
}

/// A domain as the daemon names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainRef {
    /// Its name.
    pub name: String,
    /// What identifies it on every host.
    pub uuid: FixedOpaque16,
    /// A number while it runs, -1 else.
    pub id: i32,
}

/// A network as the daemon names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRef {
    /// Its name.
    pub name: String,
    /// What identifies it.
    pub uuid: FixedOpaque16,
}

/// A named value of which libvirt says the type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub field: String,
    /// The value.
    pub value: Value,
}

/// Values of parameters. The place of a variant is its number on the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Not used: the numbers begin with 1.
    None,
    /// `int`.
    Int(i32),
    /// `unsigned int`.
    UInt(u32),
    /// `long long`.
    Long(i64),
    /// `unsigned long long`.
    ULong(u64),
    /// `double`.
    Double(f64),
    /// A boolean, as a number.
    Bool(i32),
    /// Text.
    Text(String),
}

impl Value {
    /// The number that it is, whichever width it came in.
    pub fn number(&self) -> Option<u64> {
        match self {
            Value::Int(value) => u64::try_from(*value).ok(),
            Value::UInt(value) => Some(u64::from(*value)),
            Value::Long(value) => u64::try_from(*value).ok(),
            Value::ULong(value) => Some(*value),
            _ => None,
        }
    }
}

/// An answer that is one text.
#[derive(Clone, Debug, Deserialize)]
pub struct Text {
    /// The text.
    pub text: String,
}

/// An answer that is one number.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Number {
    /// The number.
    pub number: i32,
}

/// The state of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct StateAnswer {
    /// `virDomainState`.
    pub state: i32,
    /// Why it is in it; depends on the state.
    pub reason: i32,
}

/// Numbers about what is under way with a domain, or was.
#[derive(Clone, Debug, Deserialize)]
pub struct Job {
    /// `virDomainJobType`: 0 is nothing.
    pub kind: i32,
    /// They, by libvirt's names: `data_total`, `data_remaining`, `downtime`.
    pub params: Vec<Param>,
}

impl Job {
    /// A number by its name.
    pub fn number(&self, name: &str) -> Option<u64> {
        let param = self.params.iter().find(|param| param.field == name);
        param.and_then(|param| param.value.number())
    }
}

/// Whether something is under way with a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Control {
    /// `virDomainControlState`: 0 is nothing.
    pub state: u32,
    /// Why it cannot be said.
    pub details: u32,
    /// For how long, in milliseconds.
    pub since: u64,
}

/// Domains of a host.
#[derive(Clone, Debug, Deserialize)]
pub struct Domains {
    /// They.
    pub domains: Vec<DomainRef>,
    /// How many there are.
    pub count: u32,
}

/// Numbers about one domain.
#[derive(Clone, Debug, Deserialize)]
pub struct Stats {
    /// Which.
    pub domain: DomainRef,
    /// They, by libvirt's names: `block.0.wr.reqs`.
    pub params: Vec<Param>,
}

/// Networks of a host.
#[derive(Clone, Debug, Deserialize)]
pub struct Networks {
    /// They.
    pub networks: Vec<NetworkRef>,
    /// How many there are.
    pub count: u32,
}

/// What a host is made of.
#[derive(Clone, Debug, Deserialize)]
pub struct NodeInfo {
    /// The CPU's model, as 32 characters.
    pub model: [i32; 32],
    /// Memory in KiB.
    pub memory_kib: u64,
    /// CPUs.
    pub cpus: i32,
    /// Their clock in MHz.
    pub mhz: i32,
    /// NUMA nodes.
    pub nodes: i32,
    /// Sockets of a node.
    pub sockets: i32,
    /// Cores of a socket.
    pub cores: i32,
    /// Threads of a core.
    pub threads: i32,
}

calls! {
    /// How a client may say who it is.
    AuthList = 66 {} -> Vec<i32>;
    /// Asks polkit whether this client may.
    AuthPolkit = 70 {} -> Number;
    /// Opens the driver.
    ConnectOpen = 1 {
        /// `qemu:///system`.
        name: Option<String>,
        /// 1: read only.
        flags: u32,
    } -> ();
    /// Whether the daemon has a feature (`VIR_DRV_FEATURE_…`).
    SupportsFeature = 60 {
        /// Which.
        feature: i32,
    } -> Number;
    /// The host's name.
    GetHostname = 59 {} -> Text;
    /// Version of libvirt, as millions, thousands and ones.
    GetLibVersion = 157 {} -> u64;
    /// What the host is made of.
    NodeGetInfo = 6 {} -> NodeInfo;
    /// Memory that nobody uses, in bytes.
    NodeGetFreeMemory = 102 {} -> u64;
    /// What the host and its emulators can do, as XML.
    GetCapabilities = 7 {} -> Text;
    /// All domains.
    ListAllDomains = 273 {
        /// 1: the domains and not only how many.
        need_results: i32,
        /// Which; 0: all.
        flags: u32,
    } -> Domains;
    /// All networks.
    ListAllNetworks = 283 {
        /// 1: the networks and not only how many.
        need_results: i32,
        /// Which; 0: all.
        flags: u32,
    } -> Networks;
    /// The domain with an id.
    LookupByUuid = 24 {
        /// The id.
        uuid: FixedOpaque16,
    } -> DomainRef;
    /// What a domain is made of, as XML.
    GetXml = 14 {
        /// The domain.
        domain: DomainRef,
        /// 2: as it will be started next, not as it runs.
        flags: u32,
    } -> Text;
    /// Whether a domain runs, and why.
    GetState = 212 {
        /// The domain.
        domain: DomainRef,
        /// None.
        flags: u32,
    } -> StateAnswer;
    /// Whether somebody waits for a domain's emulator.
    ControlInfo = 229 {
        /// The domain.
        domain: DomainRef,
        /// None.
        flags: u32,
    } -> Control;
    /// Moves a domain; the daemon that has it speaks to the other one itself.
    MigratePerform = 305 {
        /// The domain.
        domain: DomainRef,
        /// The other daemon, as the first one reaches it.
        to: Option<String>,
        /// What else is wanted: `destination_xml`, `persistent_xml`, `bandwidth`.
        params: Vec<Param>,
        /// Of an earlier part of the same move; none where the daemons speak to each other.
        cookie: String,
        /// `virDomainMigrateFlags`.
        flags: u32,
    } -> Text;
    /// Numbers about what is under way with a domain.
    JobStats = 298 {
        /// The domain.
        domain: DomainRef,
        /// 1: of what has ended last.
        flags: u32,
    } -> Job;
    /// Breaks off what is under way with a domain.
    AbortJob = 164 {
        /// The domain.
        domain: DomainRef,
    } -> ();
    /// Whether a domain is started with the host.
    GetAutostart = 15 {
        /// The domain.
        domain: DomainRef,
    } -> Number;
    /// Says so.
    SetAutostart = 29 {
        /// The domain.
        domain: DomainRef,
        /// 1: with the host.
        autostart: i32,
    } -> ();
    /// Makes a domain known, or changes it.
    DefineXml = 350 {
        /// What it is made of.
        xml: String,
        /// 1: refused where it does not fit the schema.
        flags: u32,
    } -> DomainRef;
    /// Starts a domain.
    Create = 196 {
        /// The domain.
        domain: DomainRef,
        /// 1: paused.
        flags: u32,
    } -> DomainRef;
    /// Ends a domain as if its power was cut.
    Destroy = 12 {
        /// The domain.
        domain: DomainRef,
    } -> ();
    /// Asks the guest to shut down.
    Shutdown = 258 {
        /// The domain.
        domain: DomainRef,
        /// By ACPI (1) or by its agent (2).
        flags: u32,
    } -> ();
    /// Stops a domain's CPUs.
    Suspend = 34 {
        /// The domain.
        domain: DomainRef,
    } -> ();
    /// Lets them go on.
    Resume = 28 {
        /// The domain.
        domain: DomainRef,
    } -> ();
    /// Makes a domain unknown; its disks stay.
    Undefine = 231 {
        /// The domain.
        domain: DomainRef,
        /// What goes with it: saved state (1), snapshots' (2) and checkpoints' (16) records, NVRAM (4).
        flags: u32,
    } -> ();
    /// Keeps a domain's memory in a file of the host, and ends it; its next start goes on from there.
    ManagedSave = 182 {
        /// The domain.
        domain: DomainRef,
        /// None.
        flags: u32,
    } -> ();
    /// Whether a domain's memory is kept.
    HasManagedSave = 183 {
        /// The domain.
        domain: DomainRef,
        /// None.
        flags: u32,
    } -> Number;
    /// Throws a domain's kept memory away.
    ManagedSaveRemove = 184 {
        /// The domain.
        domain: DomainRef,
        /// None.
        flags: u32,
    } -> ();
    /// Changes a device.
    UpdateDevice = 174 {
        /// The domain.
        domain: DomainRef,
        /// The device as it is to be.
        xml: String,
        /// As it runs (1), as it will be started (2).
        flags: u32,
    } -> ();
    /// Numbers about domains.
    DomainStats = 344 {
        /// Which.
        domains: Vec<DomainRef>,
        /// Of which kind: state (1), interfaces (16), disks (32).
        kinds: u32,
        /// None.
        flags: u32,
    } -> Vec<Stats>;
    /// The network with a name.
    NetworkLookup = 46 {
        /// The name.
        name: String,
    } -> NetworkRef;
    /// Makes a network that is gone when it is ended.
    NetworkCreateXml = 40 {
        /// What it is.
        xml: String,
    } -> NetworkRef;
    /// Ends a network.
    NetworkDestroy = 42 {
        /// Which.
        network: NetworkRef,
    } -> ();
    /// What a network is, as XML.
    NetworkGetXml = 43 {
        /// The network.
        network: NetworkRef,
        /// None.
        flags: u32,
    } -> Text;
    /// Tells of what happens to domains from now on.
    RegisterEvent = 316 {
        /// Of which kind; 0: lifecycle.
        event: i32,
        /// Of which; `None`: all.
        domain: Option<DomainRef>,
    } -> Number;
}

/// Asks a guest's agent for something; the only call of QEMU's own program that is used.
#[derive(Clone, Debug, Serialize)]
pub struct AgentCommand {
    /// The guest.
    pub domain: DomainRef,
    /// What, in the agent's JSON.
    pub command: String,
    /// For how long to wait, in seconds.
    pub timeout: i32,
    /// None.
    pub flags: u32,
}

impl Call for AgentCommand {
    const PROGRAM: u32 = QEMU;
    const PROCEDURE: u32 = 3;
    type Answer = Option<String>;
}

/// The number of the message that tells of a domain's life.
pub(super) const LIFECYCLE_EVENT: u32 = 318;

#[derive(Deserialize)]
pub(super) struct LifecycleMessage {
    _callback: i32,
    domain: DomainRef,
    event: i32,
    detail: i32,
}

impl From<LifecycleMessage> for Lifecycle {
    fn from(message: LifecycleMessage) -> Lifecycle {
        Lifecycle {
            uuid: uuid::Uuid::from_bytes(message.domain.uuid.0),
            name: message.domain.name,
            event: message.event,
            detail: message.detail,
        }
    }
}
