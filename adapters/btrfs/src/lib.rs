//! Storage for hosts with plain files: active/passive, asynchronous replication between two sites.
//!
//! A consistency group is a btrfs subvolume, its recovery points are read-only snapshots of it, and
//! replication is `btrfs send` here and `btrfs receive` at the other site's agent, over HTTP. What it is
//! for, what lies where on disk and what it cannot do is in the crate's README.
//!
//! [`Btrfs`] implements [`muster_contract::StorageAdapter`], [`muster_contract::FencingAdapter`] and
//! [`muster_contract::VolumeAdapter`]; [`Btrfs::run`] replicates and answers the other site. What may be
//! done is decided by `muster-adapter-pair` over values; everything else is carrying it out.

mod btrfs;
mod config;
mod error;
mod fence;
mod file;
mod inventory;
mod layout;
mod mount;
mod parent;
mod peer;
mod query;
mod replication;
mod store;
mod users;
mod verb;
mod volume;

pub use config::{Config, ConfigError, GroupConfig, Now, PeerConfig};
pub use error::Error;
pub use store::Btrfs;
