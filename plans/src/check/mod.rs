//! Checks documents against each other, and settings that no schema can judge.

mod backends;
mod duplicates;
mod groups;
mod hooks;
mod ip;
mod networks;
mod objectives;
mod options;
mod order;
mod policies;
mod references;
mod rules;
mod select;
mod set;
mod timeouts;

use crate::document::Document;
use crate::finding::Finding;
use crate::source::Located;

use set::Set;

/// Everything that is wrong between documents, and with settings that no schema can judge, in the
/// order of the files and of their lines. Documents from a server
/// ([`Located::nowhere`]) are taken too; their findings have pointers and no places.
pub fn check(documents: &[Located<Document>]) -> Vec<Finding> {
    let set = Set::new(documents);
    let mut findings = Vec::new();
    duplicates::check(documents, &mut findings);
    references::check(&set, &mut findings);
    backends::check(&set, &mut findings);
    policies::check(&set, &mut findings);
    networks::check(&set, &mut findings);
    groups::check(&set, &mut findings);
    for plan in &set.plans {
        order::check(plan, &mut findings);
        rules::check(&set, plan, &mut findings);
        timeouts::check(plan, &mut findings);
        hooks::check(plan, &mut findings);
        ip::check(plan, &mut findings);
        options::check(plan, &mut findings);
        objectives::check(&set, plan, &mut findings);
    }
    let files: Vec<&str> = documents.iter().filter_map(|d| d.places.file()).collect();
    crate::finding::sort(&mut findings, &files);
    findings
}
