//! What is broken or healed, as the command line and the API name it.

use muster_adapter_sim::{Fault, Thing};
use serde::{Deserialize, Serialize};

/// Names something of the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct What {
    /// `site`, `host`, `link`, `array`, `witness`, `server-link` or `backend`.
    pub what: String,
    /// Its name; of a link both ends, `paris/lyon`. A witness needs none.
    #[serde(default)]
    pub name: String,
    /// For a backend: the fault (F1 to F18), and how often it strikes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Finds the thing that is meant.
///
/// # Errors
/// In words, where nothing is meant.
pub fn parse_what(what: &What) -> Result<Thing, String> {
    if what.what == "backend" {
        return what.fault.clone().map(Thing::Backend).ok_or_else(|| {
            "say which fault a backend gets: F1 (refused) to F18 (clock off)".to_owned()
        });
    }
    let text = match what.what.as_str() {
        "witness" => "witness".to_owned(),
        kind => format!("{kind}/{}", what.name),
    };
    text.parse().map_err(|error: muster_adapter_sim::ThingError| error.to_string())
}
