//! Small conversions between rows and values.

use muster_plans::id::RunId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::Error;

/// A number as SQL stores it. Counters never come near the end of `i64`.
pub(crate) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A stored number that is never negative.
pub(crate) fn nat(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A value as JSON text.
pub(crate) fn json<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| Error::Corrupt(what.to_owned()))
}

/// A value from JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt(what.to_owned()))
}

/// A plain enum as the one word that its JSON is.
pub(crate) fn word<T: Serialize>(what: &str, value: &T) -> Result<String, Error> {
    Ok(json(what, value)?.trim_matches('"').to_owned())
}

/// A plain enum from its word.
pub(crate) fn from_word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T, Error> {
    from_json(what, &json(what, word)?)
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How errors name a run.
pub(crate) fn run_name(run: RunId) -> String {
    format!("run {run}")
}
