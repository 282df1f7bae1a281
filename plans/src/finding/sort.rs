//! The order in which people read findings.

use std::collections::BTreeMap;

use super::Finding;

/// By file in the order in which the files were given, then by line and column. What stands in no
/// file comes last, in the order in which it was found.
pub(crate) fn sort(findings: &mut [Finding], files: &[&str]) {
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    for (rank, file) in files.iter().enumerate() {
        ranks.entry(file).or_insert(rank);
    }
    findings.sort_by_key(|finding| {
        finding.place.as_ref().map_or((usize::MAX, 0, 0), |place| {
            let rank = ranks.get(place.file.as_str()).copied().unwrap_or(files.len());
            (rank, place.line, place.column)
        })
    });
}
