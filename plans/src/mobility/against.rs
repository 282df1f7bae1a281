//! Why a method is not eligible, with the number, its source and the measured value.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::{RuleId, Rules};

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Measured {
    /// A number in the rule's unit.
    Number(f64),
    /// Words.
    Text(Arc<str>),
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Against {
    /// The rule.
    pub rule: RuleId,
    /// Its number, if it has one, or the number that this case needs.
    pub limit: Option<f64>,
    /// What was found.
    pub measured: Measured,
    /// Where the rule comes from.
    pub source: Arc<str>,
}

impl Against {
    pub(super) fn number(rules: &Rules, rule: RuleId, limit: f64, measured: f64) -> Against {
        let measured = Measured::Number(measured);
        Against { rule, limit: Some(limit), measured, source: rules.source(rule) }
    }

    pub(super) fn fact(rules: &Rules, rule: RuleId, fact: impl Into<Arc<str>>) -> Against {
        Against {
            rule,
            limit: None,
            measured: Measured::Text(fact.into()),
            source: rules.source(rule),
        }
    }
}

/// A number as people write it: two decimals at most.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rule, unit) = (self.rule, self.rule.unit());
        let (number, limit) = match (&self.measured, self.limit) {
            (Measured::Text(text), _) => return write!(f, "{text} ({rule}: {})", self.source),
            (Measured::Number(number), limit) => (short(*number), short(limit.unwrap_or_default())),
        };
        match rule {
            RuleId::LiveRtt | RuleId::StretchedRtt => {
                write!(f, "round trip is {number} {unit}, limit is {limit} {unit}")
            }
            RuleId::StretchedRttWarn => {
                write!(f, "round trip is {number} {unit}, advised are {limit} {unit}")
            }
            RuleId::LiveBandwidth => {
                write!(f, "bandwidth is {number} {unit}, needed are {limit} {unit}")
            }
            RuleId::DirtyRate => write!(
                f,
                "memory is dirtied at {number} {unit}, the line carries {limit} {unit}: the copy \
                 would never end"
            ),
            RuleId::Memory => {
                write!(f, "the roomiest host has {number} {unit} free, needed are {limit} {unit}")
            }
            RuleId::Space => write!(
                f,
                "the roomiest container has {number} {unit} free, needed are {limit} {unit}"
            ),
            RuleId::LagIntervals => {
                write!(f, "the replica is {number} {unit} behind, limit is {limit} {unit}")
            }
            RuleId::FleetRtt => {
                write!(f, "round trip is {number} {unit}, so many need less than {limit} {unit}")
            }
            RuleId::FleetVms => {
                write!(f, "{number} VMs would be copied with their disks, limit is {limit}")
            }
            _ => write!(f, "measured {number} {unit}, limit is {limit} {unit}"),
        }?;
        write!(f, " ({rule}: {})", self.source)
    }
}
