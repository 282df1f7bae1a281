//! Names and ids, each a type of its own, from one list.
//!
//! A *name* is what people write in documents; an *id* is what a backend calls an object. Both are
//! shared strings, so that a step graph over 100,000 VMs copies pointers and not text.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text as people and backends write it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "minLength": 1, "maxLength": 253})
            }
        }
    )*};
}

names! {
    /// A site: one failure domain.
    SiteName,
    /// A configured adapter instance at a site.
    BackendName,
    /// A storage policy.
    PolicyName,
    /// A protection group.
    GroupName,
    /// A recovery plan.
    PlanName,
    /// A registered callout (a script or an HTTP call that an administrator allowed).
    CalloutName,
    /// A network as its hypervisor names it.
    NetworkName,
    /// A witness: a third failure domain that judges between two sites.
    WitnessName,
    /// A host, by its backend's id.
    HostId,
    /// A cluster of hosts, by its backend's id.
    ClusterId,
    /// A manager (a vCenter, a libvirt host group), by its backend's id.
    ManagerId,
    /// A storage container (VVol storage container, datastore, RBD pool), by its backend's id.
    ContainerId,
    /// A protocol endpoint, by its backend's id.
    EndpointId,
    /// A volume (LUN, VVol, RBD image). Both legs of a replicated pair carry the same id.
    VolumeId,
    /// A consistency group: volumes with one write order. Both legs carry the same id.
    ConsistencyGroupId,
    /// A state of the data that one can recover to.
    RecoveryPointId,
    /// The mark that every object made by a test carries, so that cleanup touches nothing else.
    RunTag,
}

/// A virtual machine by its backend's UUID, never by its name.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct VmId(#[schemars(with = "UuidText")] pub uuid::Uuid);

impl fmt::Display for VmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One execution of a plan. Made by the server (UUID v7), never by `plans` or `engine`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RunId(#[schemars(with = "UuidText")] pub uuid::Uuid);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a UUID is in a schema; never made.
enum UuidText {}

impl JsonSchema for UuidText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Uuid".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "uuid"})
    }
}
