//! Replication of running guests by their hypervisor, between two sites whose hosts keep virtual disks as plain
//! raw files in a folder for each group.
//!
//! A group is replicated in one of two ways: [`Mode::Sync`] is a mirror that QEMU itself keeps at the other site
//! with every write, [`Mode::Incremental`] a point in time every few minutes, of which only what differs is sent.
//! What it is for, what lies where on disk and what it cannot do is in the crate's README.
//!
//! [`Cdp`] implements [`muster_contract::StorageAdapter`], [`muster_contract::FencingAdapter`] and
//! [`muster_contract::VolumeAdapter`]; [`Cdp::run`] replicates and answers the other site. What the two legs may
//! do is decided in `muster-adapter-pair` over values; everything here is carrying it out.

mod config;
mod disk;
mod error;
mod fence;
mod guests;
mod inventory;
mod layout;
mod mirror;
mod mount;
mod peer;
mod query;
mod replication;
mod ship;
mod store;
mod users;
mod verb;
mod volume;

pub use config::{Config, ConfigError, GroupConfig, Mode, Now, PeerConfig};
pub use error::Error;
pub use guests::Guests;
pub use store::Cdp;
