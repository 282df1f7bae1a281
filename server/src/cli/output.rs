//! Data on stdout: tables for people, JSON for programs.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// Prints a line of data.
pub(crate) fn line(text: &str) {
    // A reader that went away (`| head`) is no error of ours.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a value as JSON.
///
/// # Errors
/// Where the value has no JSON form.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints rows under headers.
pub(crate) fn table(headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headers.iter().map(|h| h.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    line(&table.trim_fmt());
}

/// Says something beside the data.
#[expect(clippy::print_stderr, reason = "the command line talks on stderr")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
