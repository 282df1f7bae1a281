//! What the kit found.

use std::fmt;

use muster_plans::id::SiteName;
use muster_plans::time::Span;
use serde::Serialize;

use super::{Finding, Stop};
use crate::capability::Capabilities;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "why")]
pub enum Verdict {
    /// As it must be.
    Passed,
    /// Not so, and how.
    Failed(String),
    /// It could not be asked here, and why.
    NotApplicable(String),
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// `ATK-` and its number; stable.
    pub id: &'static str,
    /// What it demands.
    pub title: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Something to add: `412 objects in 80 ms`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// How long it took, in milliseconds.
    #[serde(rename = "tookMs")]
    pub took: Span,
}

/// What the kit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KitReport {
    /// The site.
    pub site: SiteName,
    /// The product and its version, as it says; empty where it does not answer.
    pub product: String,
    /// By id.
    pub cases: Vec<Case>,
}

pub(super) fn case(id: &'static str, title: &'static str, took: Span, finding: Finding) -> Case {
    let (verdict, note) = match finding {
        Ok(note) => (Verdict::Passed, note),
        Err(Stop::Failed(why)) => (Verdict::Failed(why), String::new()),
        Err(Stop::NotApplicable(why)) => (Verdict::NotApplicable(why), String::new()),
    };
    Case { id, title, verdict, note, took }
}

impl KitReport {
    pub(super) fn new(about: &Capabilities, cases: Vec<Case>) -> KitReport {
        let product = format!("{} {}", about.product, about.version);
        KitReport { site: about.site.clone(), product, cases }
    }

    /// A site that does not even say what it can do.
    pub(super) fn unreachable(site: SiteName, why: String) -> KitReport {
        let case = case(
            "ATK-01",
            "what is declared is supported, and nothing else",
            Span::ZERO,
            Err(Stop::Failed(why)),
        );
        KitReport { site, product: String::new(), cases: vec![case] }
    }

    /// Whether no case failed.
    pub fn passed(&self) -> bool {
        !self.cases.iter().any(|case| matches!(case.verdict, Verdict::Failed(_)))
    }
}

/// As text for people, one case a line.
impl fmt::Display for KitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Adapter contract, site {} ({})\n", self.site, self.product)?;
        let mut counts = [0; 3];
        for Case { id, title, verdict, note, took } in &self.cases {
            let (word, why, place) = match verdict {
                Verdict::Passed => ("passed", note, 0),
                Verdict::Failed(why) => ("FAILED", why, 1),
                Verdict::NotApplicable(why) => ("n/a", why, 2),
            };
            counts[place] += 1;
            writeln!(f, "{word:<6}  {id}  {:>6.1} s  {title}", took.as_secs_f64())?;
            if !why.is_empty() {
                writeln!(f, "                          {why}")?;
            }
        }
        let [passed, failed, other] = counts;
        write!(f, "\n{passed} passed, {failed} failed, {other} not applicable")
    }
}
