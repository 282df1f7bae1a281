//! Tests over whole worlds, driven in virtual time without a runtime.

mod arbiter;
mod async_site;
mod faults;
mod fencing;
mod flows;
mod hypervisor;
mod inventory;
mod laziness;
mod ledger;
mod migrate;
mod moments;
mod persistence;
mod rig;
mod safety;
mod storage;
mod violations;
mod ways;
