//! Ceph RBD for Muster: one stretched cluster, or two clusters whose images `rbd-mirror` copies.
//!
//! A volume is an RBD image, and a consistency group is the set of images that carry its name as
//! `muster.group`. What it needs, how images are marked and what it cannot do is in the crate's README.
//!
//! [`Ceph`] implements [`muster_contract::StorageAdapter`], [`muster_contract::FencingAdapter`] and
//! [`muster_contract::VolumeAdapter`] through the programs `rbd` and `ceph`, which only `cli` starts. What they
//! say is read in `said`, and what may be done is decided by synchronous functions over values in `decide`;
//! everything else is carrying it out.

mod cli;
mod config;
mod decide;
mod error;
mod fence;
mod home;
mod idle;
mod inventory;
mod look;
mod mount;
mod name;
mod query;
mod said;
mod state;
mod store;
mod verb;
mod volume;

pub use config::{Config, ConfigError, Mode, Now, PoolConfig, WitnessConfig};
pub use error::Error;
pub use store::Ceph;
