//! For a terminal.

use std::fmt::Write;

use crate::finding::{Finding, Place, Severity};

/// Findings one below the other, each with its source line and a caret. Ends with a line break, and
/// is empty where there is nothing to say.
pub fn text(findings: &[Finding]) -> String {
    let blocks: Vec<String> = findings.iter().map(block).collect();
    blocks.join("\n")
}

/// How many there are: `2 errors, 1 warning`.
pub fn summary(findings: &[Finding]) -> String {
    let counted =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
            .into_iter()
            .map(|(severity, name)| {
                (findings.iter().filter(|f| f.severity == severity).count(), name)
            })
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
            .collect::<Vec<_>>();
    if counted.is_empty() { "no findings".into() } else { counted.join(", ") }
}

fn block(finding: &Finding) -> String {
    let mut out = String::new();
    let severity = severity(finding.severity);
    let gutter = finding.place.as_ref().map_or(1, |p| p.line.to_string().len());
    push(&mut out, format_args!("{severity}[{}]: {}", finding.code, finding.message));
    match (&finding.place, &finding.pointer) {
        (Some(place), _) => excerpt(&mut out, place, gutter),
        (None, Some(pointer)) if !pointer.is_empty() => {
            push(&mut out, format_args!("{:gutter$}--> {pointer}", ""));
        }
        (None, _) => {}
    }
    push(&mut out, format_args!("{:gutter$} = help: {}", "", finding.help));
    out
}

fn excerpt(out: &mut String, place: &Place, gutter: usize) {
    let Place { file, line, column, end_column, .. } = place;
    push(out, format_args!("{:gutter$}--> {file}:{line}:{column}", ""));
    push(out, format_args!("{:gutter$} |", ""));
    let shown: String = place.excerpt.chars().map(visible).collect();
    push(out, format_args!("{line:gutter$} | {shown}"));
    let width = place.excerpt.chars().count();
    let start = *column as usize - 1;
    if start <= width {
        let end = (*end_column as usize - 1).clamp(start + 1, width.max(start + 1));
        let carets = "^".repeat(end - start);
        push(out, format_args!("{:gutter$} | {:start$}{carets}", "", ""));
    }
}

/// A tab takes one column here, so that the caret stays below what it means.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{line}");
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
