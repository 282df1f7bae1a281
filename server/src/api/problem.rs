//! Refusals as problem reports.

use muster_plans::finding::Finding;

use crate::http::{FieldError, Problem};
use crate::ops::Refused;

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let errors = refused.findings.iter().map(|finding| FieldError {
            pointer: finding.pointer.clone().unwrap_or_default(),
            line: finding.place.as_ref().map(|place| place.line as usize),
            column: finding.place.as_ref().map(|place| place.column as usize),
            code: finding.code.to_string(),
            detail: in_file(finding),
            help: finding.help.clone(),
        });
        Problem::new(refused.code, refused.detail).help(refused.help).errors(errors.collect())
    }
}

/// Several files may come in one request; the message says which one is meant.
fn in_file(finding: &Finding) -> String {
    match &finding.place {
        Some(place) => format!("{}: {}", place.file, finding.message),
        None => finding.message.clone(),
    }
}

impl From<muster_store::Error> for Problem {
    fn from(error: muster_store::Error) -> Problem {
        Refused::from(error).into()
    }
}
