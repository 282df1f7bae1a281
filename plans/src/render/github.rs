//! Annotations that GitHub's and Gitea's runners show beside the changed line.

use crate::finding::{Finding, Severity};

/// One workflow command per finding and line.
pub fn github(findings: &[Finding]) -> String {
    findings.iter().map(annotation).collect()
}

fn annotation(finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = finding.place.as_ref().map_or_else(String::new, |p| {
        format!(
            "file={},line={},endLine={},col={},endColumn={},",
            property(&p.file),
            p.line,
            p.end_line,
            p.column,
            p.end_column
        )
    });
    let message = escaped(&format!("{}\nhelp: {}", finding.message, finding.help));
    format!("::{level} {place}title={}::{message}\n", property(finding.code.as_str()))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
