//! Where a value fits none of several alternatives: the one that was probably meant.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};

type Branch = Vec<ValidationError<'static>>;

/// The alternative whose mistakes lie deepest: it is the one that the value resembles most. `None`
/// where no alternative even has the right type or fields.
pub(super) fn meant(branches: &[Branch], depth: usize) -> Option<&Branch> {
    branches
        .iter()
        .filter(|branch| !branch.iter().any(|error| excludes(error, depth)))
        .max_by_key(|branch| branch.iter().map(depth_of).max())
}

/// Whether a mistake says that this alternative was not meant: another type, another constant, or
/// other fields, at the value itself.
fn excludes(error: &ValidationError<'static>, depth: usize) -> bool {
    depth_of(error) == depth
        && matches!(
            error.kind(),
            ValidationErrorKind::Type { .. }
                | ValidationErrorKind::Constant { .. }
                | ValidationErrorKind::Enum { .. }
                | ValidationErrorKind::Required { .. }
                | ValidationErrorKind::AdditionalProperties { .. }
        )
}

/// Types that the alternatives would take.
pub(super) fn types(branches: &[Branch]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for error in branches.iter().flatten() {
        if let ValidationErrorKind::Type { kind } = error.kind() {
            let name = type_name(kind);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// A type as people call it.
pub(super) fn type_name(kind: &TypeKind) -> String {
    let one = |name: &str| {
        match name {
            "object" => "a mapping",
            "array" => "a list",
            "string" => "a text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            other => other,
        }
        .to_owned()
    };
    match kind {
        TypeKind::Single(kind) => one(kind.as_str()),
        TypeKind::Multiple(kinds) => {
            kinds.iter().map(|kind| one(kind.as_str())).collect::<Vec<_>>().join(" or ")
        }
    }
}

/// How deep in the document a mistake lies.
pub(super) fn depth_of(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}
