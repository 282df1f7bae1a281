//! Schemas compile, and the files in `plans/schema/` are those that the types make.

use std::path::Path;

use super::*;

#[test]
fn every_kind_has_a_schema_that_compiles() {
    for kind in Kind::ALL {
        let schema = build::schema_of(kind);
        validator(&schema).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert!(!schema.to_string().contains("\"null\""), "{kind} allows null");
    }
    validator(&build::combined()).unwrap();
}

#[test]
fn files_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let update = std::env::var_os("UPDATE_SCHEMA").is_some();
    let expected = schemas();
    for (name, schema) in &expected {
        let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
        let path = folder.join(name);
        if update {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "plans/schema/{name} is stale; run the tests with UPDATE_SCHEMA=1");
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(expected.contains_key(&name), "plans/schema/{name} belongs to no kind");
    }
}

#[test]
fn every_field_is_described() {
    fn walk(path: &str, schema: &Value, missing: &mut Vec<String>) {
        if let Some(fields) = schema["properties"].as_object() {
            for (name, field) in fields {
                let own = [field, schema].iter().any(|s| s.get("description").is_some());
                if !own && field.get("$ref").is_none() {
                    missing.push(format!("{path}.{name}"));
                }
            }
        }
        match schema {
            Value::Object(fields) => {
                fields.iter().for_each(|(k, v)| walk(&format!("{path}/{k}"), v, missing));
            }
            Value::Array(items) => items.iter().for_each(|v| walk(path, v, missing)),
            _ => {}
        }
    }
    let mut missing = Vec::new();
    for kind in Kind::ALL {
        walk(kind.as_str(), &build::schema_of(kind), &mut missing);
    }
    assert_eq!(missing, Vec::<String>::new());
}
