//! Verdicts as people read them.

use jiff::Timestamp;

use crate::judge::{At, Verdict};

const HEAD: [&str; 11] = [
    "vm",
    "last before",
    "first after",
    "downtime",
    "longest gap",
    "lost",
    "not on disk",
    "late",
    "twice",
    "overlap",
    "boots",
];

/// One line for each VM.
pub fn table(verdicts: &[Verdict]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(verdicts.iter().map(cells));
    let mut widths = [0; HEAD.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> =
            line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(verdict: &Verdict) -> [String; HEAD.len()] {
    let none = || "-".to_owned();
    let ms = |ms: i64| format!("{ms} ms");
    let boots: Vec<String> = verdict
        .boots
        .iter()
        .map(|boot| format!("{}:{}-{}", boot.sites.join(">"), boot.first.n, boot.last.n))
        .collect();
    [
        verdict.vm.clone(),
        verdict.last_before.as_ref().map_or_else(none, at),
        verdict.first_after.as_ref().map_or_else(none, at),
        verdict.downtime_ms.map_or_else(none, ms),
        ms(verdict.longest_gap_ms),
        verdict.lost.to_string(),
        verdict.not_on_disk.map_or_else(none, |missing| missing.to_string()),
        verdict.late.to_string(),
        verdict.twice.to_string(),
        if verdict.two_writers() {
            format!("{} TWO WRITERS", ms(verdict.overlap_ms))
        } else {
            none()
        },
        boots.join(" "),
    ]
}

/// `b:21 15:31:17.736`
fn at(At { site, record }: &At) -> String {
    let time = Timestamp::from_microsecond(record.wall_us)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime("%H:%M:%S%.3f").to_string());
    format!("{site}:{} {time}", record.n)
}
