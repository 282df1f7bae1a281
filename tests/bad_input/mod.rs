//! Whatever is sent to a running server, it answers with a problem that has a code, and never with a
//! panic or an error of its own.

mod documents;
mod requests;

use muster_tests::Demo;

/// That the server survived: it answers, and its log has no panic.
#[track_caller]
fn assert_unharmed(demo: &Demo) {
    demo.get("/api/v1/me");
    let log = demo.log();
    assert!(!log.contains("panicked"), "{log}");
}
