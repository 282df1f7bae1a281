//! Two sites with a daemon of libvirt each, and guests that write. Needs root, libvirt, QEMU and the guest of
//! the lab; elsewhere it says `skipped: …`, or fails where `MUSTER_NEEDS_LIBVIRT` is set.

#![allow(clippy::unwrap_used, reason = "everything here is a test or a helper of one")]
#![allow(clippy::print_stderr, reason = "says why it was skipped, and what was measured")]

mod daemon;
mod facade;
mod guest;
mod link;
mod mirror;
mod pair;
mod points;
