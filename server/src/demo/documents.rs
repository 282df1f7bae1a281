//! The documents of a demo: the examples, with the world's address in their backends.

use anyhow::bail;
use muster_plans::document::{Document, Spec};
use muster_plans::load::load_and_check;
use muster_plans::render;
use muster_plans::source::SourceFile;

macro_rules! example {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../plans/examples/", $path)))
    };
}

/// The documents that a demo begins with.
const EXAMPLES: &[(&str, &str)] = &[
    example!("common/sites.yaml"),
    example!("common/backends.yaml"),
    example!("common/policies.yaml"),
    example!("common/mapping.yaml"),
    example!("shop/plan.yaml"),
    example!("bank/plan.yaml"),
    example!("archive/plan.yaml"),
];

/// The example documents.
///
/// # Errors
/// Where they have findings, which a test forbids.
pub(crate) fn examples(world: &str) -> anyhow::Result<Vec<Document>> {
    let files: Vec<SourceFile> =
        EXAMPLES.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
    let loaded = load_and_check(&files);
    if loaded.findings.iter().any(muster_plans::finding::Finding::is_error) {
        bail!("the examples have findings:\n{}", render::text(&loaded.findings));
    }
    Ok(moved(loaded.values().collect(), world))
}

/// Backends with the world's present address; other documents are left out.
pub(super) fn moved(documents: Vec<Document>, world: &str) -> Vec<Document> {
    documents
        .into_iter()
        .map(|mut document| {
            if let Spec::Backend(backend) = &mut document.spec {
                backend.endpoint = format!("{world}/sites/{}", backend.site);
            }
            document
        })
        .collect()
}
