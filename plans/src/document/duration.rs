//! Spans as text in documents: `timeout: 5m`. Use with `#[serde(with = "duration")]`.

use serde::{Deserialize, Deserializer, Serializer};

use crate::time::Span;

/// Writes `5m`.
///
/// # Errors
/// Only those of the serializer.
pub fn serialize<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(span)
}

/// Reads `5m`.
///
/// # Errors
/// Where the text is no span of time; the message says how to write one.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// The same for fields that may be left out.
pub mod option {
    use super::{Deserialize, Deserializer, Serializer, Span};

    /// Writes `5m` or nothing.
    ///
    /// # Errors
    /// Only those of the serializer.
    pub fn serialize<S: Serializer>(span: &Option<Span>, s: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => s.collect_str(span),
            None => s.serialize_none(),
        }
    }

    /// Reads `5m` or nothing.
    ///
    /// # Errors
    /// Where the text is no span of time.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Span>, D::Error> {
        Option::<String>::deserialize(d)?
            .map(|text| text.parse().map_err(serde::de::Error::custom))
            .transpose()
    }
}
