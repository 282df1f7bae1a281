//! Hosts under libvirt, without its C library.
//!
//! libvirt's daemons speak a documented protocol (`remote_protocol.x`): frames of XDR over a UNIX socket,
//! TCP, TLS or ssh. [`rpc`] speaks it, [`uri`] says where a host is, [`Host`] is one that was opened,
//! [`domain`] reads what libvirt writes about a VM, and [`Libvirt`] is all hosts of a site as its hypervisor.

pub mod config;
pub mod domain;
mod edit;
mod guest;
mod host;
mod hypervisor;
mod known;
mod pool;
pub mod replicate;
pub mod rpc;
mod tls;
pub mod uri;

pub use config::LibvirtConfig;
pub use host::{Host, OpenError};
pub use hypervisor::{Libvirt, METHODS, Now};
pub use pool::PoolError;
pub use replicate::Replicator;
pub use tls::BadCertificate;
