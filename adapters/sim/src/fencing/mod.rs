//! Cutting off a site, and hosts.

mod host;
mod site;

use muster_contract::FencingOp;

pub(crate) use site::SiteFence;

use crate::op::{Call, Checked, Note};
use crate::world::World;

pub(crate) fn check(world: &World, call: &Call<'_>, op: &FencingOp) -> Checked {
    match op {
        FencingOp::FenceSite { site } => site::check_fence(world, call, site),
        FencingOp::UnfenceSite { site } => site::check_unfence(world, call, site),
        FencingOp::PowerOffHost { host } => host::check(world, call, host),
    }
}

pub(crate) fn apply(world: &mut World, call: &Call<'_>, op: &FencingOp) -> Note {
    match op {
        FencingOp::FenceSite { site } => site::fence(world, call, site),
        FencingOp::UnfenceSite { site } => site::unfence(world, call, site),
        FencingOp::PowerOffHost { host } => host::apply(world, call, host),
    }
}
