//! Some images in the suite; the command opens as many as one likes. `MUSTER_IMAGES` and `MUSTER_SEED`
//! choose how many and which.

#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::path::Path;
use std::sync::LazyLock;

use muster_power::{Campaign, Recording, Report, Sabotage};

/// One run is recorded for all tests.
static RECORDING: LazyLock<Recording> =
    LazyLock::new(|| Recording::of(Path::new(env!("CARGO_BIN_EXE_muster-power"))).unwrap());

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn images(recording: &Recording, images: u64) -> Report {
    let images = usize::try_from(images).unwrap();
    let campaign = Campaign { images, seed: setting("MUSTER_SEED", 1), threads: 2, keep: None };
    let report = campaign.run(recording).unwrap();
    assert_eq!(report.images, images);
    report
}

#[test]
fn an_image_of_a_power_loss_opens_clean_and_holds_what_was_acknowledged() {
    let report = images(&RECORDING, setting("MUSTER_IMAGES", 2_000));
    assert_eq!(report.failed, 0, "{}", report.failures.join("\n\n"));
    assert!(RECORDING.log_restarts() > 0, "the log was copied and begun anew");
    // The images are not all alike: transactions under way are lost in some and kept in others.
    let Report { exhausted, kept, lost, .. } = report;
    assert!(exhausted > 20 && kept > 20 && lost > 20, "{exhausted} {kept} {lost}");
}

#[test]
fn a_disk_that_does_not_sync_is_found_out() {
    for (sabotage, word) in [
        (Sabotage::LogNotSynced, "acknowledged was"),
        (Sabotage::NothingSynced, "acknowledged was"),
        (Sabotage::DatabaseNotSynced, ""),
    ] {
        let report = images(&RECORDING.clone().sabotaged(sabotage), 60);
        let failures = report.failures.join("\n\n");
        assert!(report.failed > 0 && failures.contains(word), "{sabotage:?}: {failures}");
    }
}
