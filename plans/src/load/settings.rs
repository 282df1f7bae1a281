//! Settings of a program in YAML: one mapping, read into a type, with the place of what is wrong.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::collected::Collected;
use super::parse;
use crate::finding::{Code, Finding};
use crate::source::{At, Lines, Places, SourceFile};
use crate::yaml;

/// Reads settings. They are no documents: they say how one program runs, and are not applied to a server.
///
/// # Errors
/// What is wrong with the YAML, all of it; or the first value that does not fit, with its line and column.
pub fn settings<T: DeserializeOwned>(file: &SourceFile) -> Result<T, Vec<Finding>> {
    let lines = Arc::new(Lines::new(file));
    let whole = 0..lines.text().len();
    let node = parse(&lines, whole).map_err(|finding| vec![*finding])?;
    let mut found = Collected::default();
    let mut value = Value::Null;
    if matches!(node.content, yaml::Content::Map(_)) {
        value = yaml::to_value(&node, &mut |finding, at| {
            let bytes = at.start as usize..at.end as usize;
            found.push(|| Finding { place: Some(lines.place(bytes)), ..finding });
        });
    }
    let places = Places::new(Arc::clone(&lines), 0, node);
    if !found.is_empty() {
        return Err(found.sorted());
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path());
        let message = format!("the settings cannot be read: {}", error.inner());
        let help = "compare them with the example in the adapter's README";
        let finding = Finding::error(Code::WrongType, message, help).about(pointer.clone());
        vec![places.put(finding, &pointer, At::Value)]
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            // A field that is not known has no place below its mapping.
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&step);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Sample {
        site: String,
        hosts: Vec<Host>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Host {
        id: String,
        speed: u16,
    }

    fn read(text: &str) -> String {
        let file = SourceFile::new("agent.yaml", text);
        match settings::<Sample>(&file) {
            Ok(sample) => format!("{sample:?}"),
            Err(findings) => crate::render::text(&findings),
        }
    }

    #[test]
    fn settings_are_read_or_their_mistake_has_a_place() {
        let good = "site: paris\nhosts:\n  - {id: a, speed: 10}\n";
        let cases = [
            good.to_owned(),
            good.replace("10", "fast"),
            good.replace("speed", "sped"),
            good.replace("site: paris\n", ""),
            good.replace("hosts:", "hosts: ["),
            "- a\n".to_owned(),
            String::new(),
            good.replace("paris", "!secret paris"),
        ];
        let lines = cases.iter().map(|text| format!("{text:?}\n    {}", read(text)));
        insta::assert_snapshot!("settings", lines.collect::<Vec<_>>().join("\n"));
    }
}
