//! What readings mean, as functions over values.

pub(crate) mod course;
pub(crate) mod fence;
pub(crate) mod site;

/// What a BMC says of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// No processor has power.
    Off,
    /// Anything else: on, about to be, paused, or going down and not there yet.
    On,
}
