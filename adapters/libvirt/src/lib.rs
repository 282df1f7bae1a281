//! Hosts under libvirt, without its C library.
//!
//! libvirt's daemons speak a documented protocol (`remote_protocol.x`): frames of XDR over a UNIX socket,
//! TCP, TLS or ssh. [`rpc`] speaks it, [`uri`] says where a host is, [`Host`] is one that was opened, and
//! [`domain`] reads what libvirt writes about a VM.

pub mod domain;
mod host;
pub mod rpc;
pub mod uri;

pub use host::{Host, OpenError};
