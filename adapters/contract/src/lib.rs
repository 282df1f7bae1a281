//! The adapter contract: what every backend must keep, whatever product it is.
//!
//! The engine speaks to sites only through [`SiteAdapter`]. A backend for one product implements the
//! three smaller traits [`StorageAdapter`], [`HypervisorAdapter`] and [`FencingAdapter`]; a site agent
//! composes them into a [`SiteAdapter`], keeps results by operation id and the highest fencing token,
//! and serialises mutations per object.
//!
//! The rules that every implementation keeps, each a case of the conformance kit:
//!
//! 1. The same operation id with the same arguments gives the same result, also after a restart, also
//!    five at once. The token is not an argument.
//! 2. The same operation id with other arguments is refused.
//! 3. A lower token is refused where the effect happens, not where the request is accepted.
//! 4. `raise_fence` makes everything older impossible.
//! 5. An object that is already in the wanted state is `Done` without a mutating call.
//! 6. `Refused` only where it is certain that nothing changed, now or by an earlier attempt of the
//!    same operation id. A timeout, reset or parse error after the request left is `Unknown`.
//! 7. An acknowledgement proves nothing: each operation has a postcondition, which is a [`Query`].
//! 8. `Mode::Unplanned` never contacts the failed site.
//! 9. `Mode::Test` and `Mode::Cleanup` touch only objects that carry the context's run tag.
//! 10. A dry run changes nothing.
//! 11. The deadline is kept within two seconds.

mod agent;
mod capability;
mod context;
mod error;
pub mod file;
pub mod kit;
pub mod name;
mod observed;
mod operation;
mod outcome;
mod query;
pub mod stop;
mod token;
mod volumes;

pub use agent::{FencingAdapter, HypervisorAdapter, SiteAdapter, StorageAdapter};
pub use capability::{Capabilities, FenceLevel, OperationKind, PROTOCOL_VERSION};
pub use context::{Mode, OpContext, OpId};
pub use error::{AdapterError, ErrorClass};
pub use observed::{
    BubbleState, CloneState, FenceState, GroupState, HostPowerState, MoveProgress, NicState,
    Observation, Observed, VmState, WitnessSight, WitnessState,
};
pub use operation::{
    FencingOp, HypervisorOp, Instance, NicSpec, Operation, StorageOp, TestNicSpec, TestVmSpec,
    VmSpec,
};
pub use outcome::{Hint, OpStatus, Outcome, Reason, Receipt};
pub use query::Query;
pub use stop::Stop;
pub use token::{FenceDomain, Token};
pub use volumes::{Bound, Mountable, Place, VolumeAdapter};
