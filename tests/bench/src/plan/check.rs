//! Reading and checking documents.

use anyhow::bail;
use muster_plans::load::load_and_check;
use muster_plans::source::SourceFile;

use super::time;
use crate::clock::median_of;
use crate::report::Report;

const COMMON: [(&str, &str); 4] = [
    ("backends.yaml", include_str!("../../../../plans/examples/common/backends.yaml")),
    ("mapping.yaml", include_str!("../../../../plans/examples/common/mapping.yaml")),
    ("policies.yaml", include_str!("../../../../plans/examples/common/policies.yaml")),
    ("sites.yaml", include_str!("../../../../plans/examples/common/sites.yaml")),
];
const BANK: &str = include_str!("../../../../plans/examples/bank/plan.yaml");

/// One file with one document, and a folder with a thousand: sites, policies, and as many copies of
/// the bank's plan with its two groups as are needed.
pub(super) fn run(report: &mut Report) -> anyhow::Result<()> {
    let single = [SourceFile::new(COMMON[1].0, COMMON[1].1)];
    let loaded = load_and_check(&single);
    anyhow::ensure!(loaded.documents.len() == 1, "{} documents", loaded.documents.len());
    let one = median_of(51, || load_and_check(&single));
    time(report, String::from("check 1 document"), one, None);

    let files = folder(1_000)?;
    let many = median_of(5, || load_and_check(&files));
    time(report, String::from("check 1000 documents"), many, None);
    let each = many.wall.as_secs_f64() / one.wall.as_secs_f64() / 1_000.0;
    report.plain("cost of a document among 1000 : alone", each, "(1 = linear)");
    Ok(())
}

fn folder(documents: usize) -> anyhow::Result<Vec<SourceFile>> {
    let mut files: Vec<SourceFile> =
        COMMON.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
    let common = load_and_check(&files).documents.len();
    for n in 0..(documents.saturating_sub(common)).div_ceil(3) {
        let text = BANK.replace("bank", &format!("bank-{n:04}"));
        files.push(SourceFile::new(format!("bank-{n:04}.yaml"), text));
    }
    let loaded = load_and_check(&files);
    if let Some(wrong) = loaded.findings.iter().find(|finding| finding.is_error()) {
        bail!("a document that is measured is wrong: {}", wrong.message);
    }
    anyhow::ensure!(loaded.documents.len() >= documents, "{} documents", loaded.documents.len());
    Ok(files)
}
