//! Power of hosts for Muster: a host is switched off, and it is proven that it is off.
//!
//! [`HostPower`] implements [`muster_contract::FencingAdapter`] through the hosts' management controllers (BMCs),
//! by Redfish or by the program `ipmitool`: the two ways in `way`. What a reading means and what comes next is decided
//! over values in `decide`; `off` carries that out for one host, and `fence` for all hosts of a site.
//!
//! What it needs, what it proves and what it cannot prove is in the crate's README.

mod account;
mod check;
mod config;
mod decide;
mod error;
mod fence;
mod host;
mod idle;
mod off;
mod power;
mod state;
mod way;
mod wrong;

pub use config::{Config, HostConfig, IpmiConfig, Now, RedfishConfig};
pub use power::HostPower;
pub use wrong::{ConfigError, Wrong};
