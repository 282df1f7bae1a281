//! What a call can come to.

use libvirt_xdr::opaque::FixedOpaque16;
use muster_contract::ErrorClass;
use serde::Deserialize;

/// Why a call has no answer. Whether it had an effect is the first question of everybody who asks, so
/// the kinds are cut by that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The daemon never got it: it has had no effect and will have none.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It left, and no answer came: nobody knows whether it had its effect, or will.
    #[error("no answer: {0}")]
    Lost(String),
    /// The daemon refused it, or has failed at it: some numbers, such as a time-out or a failed operation, come
    /// after a part of it was done, so that a change is read back before anybody relies on "refused".
    #[error("{0}")]
    Refused(Refusal),
    /// The answer makes no sense; the call may have had its effect.
    #[error("the answer makes no sense: {0}")]
    Nonsense(String),
}

impl CallError {
    /// The daemon's error number; `None`: it said none.
    pub fn code(&self) -> Option<i32> {
        match self {
            CallError::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }
}

/// An error as libvirt tells it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Its number (`virErrorNumber`).
    pub code: i32,
    /// Which part of libvirt says so (`virErrorDomain`).
    pub domain: i32,
    /// For people.
    pub message: String,
}

/// Numbers of errors that mean something to us (`virErrorNumber`).
pub mod code {
    /// It cannot do this at all.
    pub const NO_SUPPORT: i32 = 3;
    /// Nobody has memory for it.
    pub const NO_MEMORY: i32 = 2;
    /// There is no such domain.
    pub const NO_DOMAIN: i32 = 42;
    /// There is no such network.
    pub const NO_NETWORK: i32 = 43;
    /// Who asks is not known.
    pub const AUTH_FAILED: i32 = 45;
    /// Not in this state.
    pub const OPERATION_INVALID: i32 = 55;
    /// It cannot do this with these settings.
    pub const CONFIG_UNSUPPORTED: i32 = 67;
    /// It is busy with something else for too long.
    pub const OPERATION_TIMEOUT: i32 = 68;
    /// Who asks may not.
    pub const AUTH_CANCELLED: i32 = 79;
    /// A guest's agent does not answer.
    pub const AGENT_UNRESPONSIVE: i32 = 86;
    /// Who asks may not.
    pub const ACCESS_DENIED: i32 = 88;
}

/// What kind of error a number is.
pub fn class(number: i32) -> ErrorClass {
    match number {
        code::NO_SUPPORT | code::CONFIG_UNSUPPORTED => ErrorClass::Unsupported,
        code::NO_MEMORY => ErrorClass::Capacity,
        code::NO_DOMAIN | code::NO_NETWORK => ErrorClass::NotFound,
        code::AUTH_FAILED | code::AUTH_CANCELLED | code::ACCESS_DENIED => ErrorClass::Auth,
        code::OPERATION_TIMEOUT | code::AGENT_UNRESPONSIVE => ErrorClass::Retry,
        _ => ErrorClass::Precondition,
    }
}

#[derive(Deserialize)]
struct Named {
    _name: String,
    _uuid: FixedOpaque16,
}

#[derive(Deserialize)]
struct Numbered {
    _name: String,
    _uuid: FixedOpaque16,
    _id: i32,
}

/// `remote_error` of `remote_protocol.x`.
#[derive(Deserialize)]
struct Wire {
    code: i32,
    domain: i32,
    message: Option<String>,
    _level: i32,
    _dom: Option<Numbered>,
    _str1: Option<String>,
    _str2: Option<String>,
    _str3: Option<String>,
    _int1: i32,
    _int2: i32,
    _net: Option<Named>,
}

/// Reads the arguments of an error.
pub(super) fn refusal(body: &[u8]) -> CallError {
    match libvirt_xdr::from_bytes::<Wire>(body) {
        Ok(wire) => CallError::Refused(Refusal {
            code: wire.code,
            domain: wire.domain,
            message: wire.message.unwrap_or_else(|| format!("error {}", wire.code)),
        }),
        Err(error) => CallError::Nonsense(format!("an error that cannot be read: {error}")),
    }
}
