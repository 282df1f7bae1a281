//! Synchronous mirrors: QEMU writes each block here and there before the guest is told that it is written.
//!
//! ```text
//! QEMU -- UNIX socket -- agent (relay) == HTTP, upgraded, with the token == agent (line) -- UNIX socket -- qemu-nbd -- file
//! ```
//!
//! Both agents can cut it: the source's when the other site does not answer for too long, so that its guests
//! go on alone, the target's before its files become somebody else's.

mod export;
mod keep;
mod relay;
mod target;
mod word;

pub(crate) use export::Exports;
pub(crate) use keep::Session;
pub(crate) use relay::Relays;
pub(crate) use word::Word;
