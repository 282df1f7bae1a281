//! What the tests share: a demo of one's own on port 0, and its command line.
//!
//! The real binary is run, because that is what users have: `cargo build -p muster` comes first, as
//! `tests/run` does it.

mod api;
mod demo;
mod truth;

use std::path::PathBuf;
use std::sync::Once;

pub use api::{Answer, Ask, await_true};
pub use demo::{Demo, DemoOptions, Ran};
pub use reqwest::Method;
pub use truth::Truth;

/// The `muster` binary beside the test binary.
///
/// # Panics
/// Where it was not built.
pub fn muster() -> PathBuf {
    let mut path = std::env::current_exe().expect("the test binary has a path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.push("muster");
    assert!(path.exists(), "{} is missing: cargo build -p muster", path.display());
    path
}

/// Makes ring the TLS provider of this process; the clients need one, also for plain HTTP.
pub fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
