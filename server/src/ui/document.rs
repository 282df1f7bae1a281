//! A document as YAML, as the export prints it.

use muster_plans::document::Kind;
use muster_plans::{document, export};

use crate::app::App;
use crate::http::Problem;

/// The stored document; empty where there is none.
pub(super) async fn yaml(app: &App, kind: Kind, name: &str) -> Result<String, Problem> {
    let Some(stored) = app.store.documents().get(kind, name).await? else {
        return Ok(String::new());
    };
    let json = serde_json::from_str(&stored.json).unwrap_or_default();
    let read = document::from_json(json).map(|document| export::to_yaml(&[document]));
    Ok(read.unwrap_or(stored.json))
}
