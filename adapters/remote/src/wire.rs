//! Bodies and paths of the protocol that are not already contract types.

use muster_contract::{FenceDomain, OpContext, OpId, Operation, Token};
use muster_plans::inventory::{Link, Witness};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::{Code, Problem};

/// Where the protocol begins below an agent's address.
pub const ROOT: &str = "/adapter/v1";

/// Header of `POST /operations`: milliseconds that the deadline leaves, by the clock of whoever asks. An
/// agent reckons from when it gets the request: a deadline is an instant of the asker's clock, and where
/// the two clocks differ by more than it leaves, every operation would be refused as too late.
pub(crate) const TIME_LEFT: &str = "muster-time-left";

/// The largest request body in bytes. An operation is one object's wanted state: a few KiB.
pub const REQUEST_LIMIT: usize = 1024 * 1024;

/// The largest answer in bytes. An inventory of 10,000 VMs is about 20 MiB.
pub const RESPONSE_LIMIT: usize = 64 * 1024 * 1024;

/// Body of `POST /operations`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationRequest {
    /// What travels with it.
    pub context: OpContext,
    /// What is asked.
    pub operation: Operation,
}

/// Body of `POST /fence`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FenceRequest {
    /// Where.
    pub domain: FenceDomain,
    /// Everything that carries a lower one becomes impossible.
    pub token: Token,
}

/// Answer of `GET /surroundings`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Surroundings {
    /// Links to other sites, as measured from this one.
    pub links: Vec<Link>,
    /// Witnesses that it knows.
    pub witnesses: Vec<Witness>,
}

/// Answer of `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// Version of the protocol.
    pub protocol: u16,
}

/// Path of an operation below [`ROOT`]. The text form of an id is three path segments.
pub fn operation_path(id: &OpId) -> String {
    format!("/operations/{id}")
}

/// Reads a request body strictly: a field that is not known is an error, because a field that is
/// silently dropped could be the one that limits what an operation may do.
pub(crate) fn read_strictly<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut unknown = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_ignored::deserialize(&mut reader, |path| unknown.push(path.to_string()))
        .map_err(|error| Problem::new(Code::Malformed, error.to_string()))?;
    reader.end().map_err(|error| Problem::new(Code::Malformed, error.to_string()))?;
    if unknown.is_empty() {
        return Ok(value);
    }
    let fields = unknown.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    Err(Problem::new(Code::UnknownField, format!("this agent does not know {fields}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_unknown_fields_are_named() {
        let body = br#"{"domain": {"site": "paris", "grup": 1}, "token":
            {"incarnation": 1, "epoch": 2, "seq": 3, "clock": 4}}"#;
        let problem = read_strictly::<FenceRequest>(body).unwrap_err();
        assert_eq!(problem.code, "protocol.unknown-field");
        assert_eq!(problem.detail, "this agent does not know `domain.grup`, `token.clock`");
    }

    #[test]
    fn deep_nesting_and_trailing_text_are_refused() {
        let deep = format!("{{\"domain\": {}", "[".repeat(100_000));
        let late =
            r#"{"domain": {"site": "paris"}, "token": {"incarnation": 1, "epoch": 2, "seq": 3}} x"#;
        for body in [deep.as_str(), late, ""] {
            let problem = read_strictly::<FenceRequest>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code, "protocol.malformed");
        }
    }
}
