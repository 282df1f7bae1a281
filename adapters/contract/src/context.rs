//! What travels with every operation.

use std::fmt;
use std::str::FromStr;

use muster_plans::graph::StepIx;
use muster_plans::id::{RunId, RunTag};
use muster_plans::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::token::{FenceDomain, Token};

/// Identity of an operation: made from the run, the step and the attempt, so that whoever resumes a
/// run asks with the same id and gets the same answer.
///
/// Text form: `RUN/STEP/ATTEMPT`, with `u` before the attempt for an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: StepIx,
    /// Counts from 0; a new attempt is a new operation.
    pub attempt: u32,
    /// Whether it undoes the step.
    pub undo: bool,
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let undo = if self.undo { "u" } else { "" };
        write!(f, "{}/{}/{undo}{}", self.run, self.step, self.attempt)
    }
}

/// Why a text is no operation id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an operation id; expected RUN/STEP/ATTEMPT")]
pub struct OpIdError(String);

impl FromStr for OpId {
    type Err = OpIdError;

    fn from_str(text: &str) -> Result<OpId, OpIdError> {
        let parse = || {
            let mut parts = text.split('/');
            let run = serde_json::from_value(parts.next()?.into()).ok()?;
            let step = parts.next()?.parse().ok()?;
            let last = parts.next()?;
            let (undo, attempt) =
                last.strip_prefix('u').map_or((false, last), |attempt| (true, attempt));
            let id = OpId { run, step, attempt: attempt.parse().ok()?, undo };
            parts.next().is_none().then_some(id)
        };
        parse().ok_or_else(|| OpIdError(text.to_owned()))
    }
}

impl Serialize for OpId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OpId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OpId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for OpId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OpId".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "RUN/STEP/ATTEMPT, with `u` before the attempt for an undo.",
            "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9]+/u?[0-9]+$",
        })
    }
}

/// What kind of run asks. It limits what an adapter may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Both sites are there.
    Planned,
    /// The failed site is never contacted.
    Unplanned,
    /// Only objects with the run's tag.
    Test,
    /// Only objects with the tag of the test that is cleaned up.
    Cleanup,
}

/// What travels with every operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpContext {
    /// Identity; the same id is the same operation.
    pub op_id: OpId,
    /// Whose word this is.
    pub token: Token,
    /// Where the token is compared.
    pub domain: FenceDomain,
    /// Given up at this instant.
    pub deadline: Time,
    /// Look, say what would happen, change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// What kind of run asks.
    pub mode: Mode,
    /// Tag of a test's objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_tag: Option<RunTag>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn op_ids_read_and_print_alike() {
        let run = "018f3c5a-0000-7000-8000-000000000001";
        for text in [format!("{run}/12/0"), format!("{run}/0/u3")] {
            assert_eq!(text.parse::<OpId>().unwrap().to_string(), text);
        }
        for text in ["", run, "x/1/0", &format!("{run}/1/0/0"), &format!("{run}/-1/0")] {
            assert!(text.parse::<OpId>().is_err(), "{text}");
        }
    }
}
