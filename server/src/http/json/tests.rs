//! Faults of bodies, as a client sees them.

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Start {
    plan: String,
    #[serde(default)]
    options: Option<Options>,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Options {
    minutes: u32,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Step {
    name: String,
}

fn faults(body: &str) -> String {
    let problem = read::<Start>(body.as_bytes()).unwrap_err();
    let mut text = format!("{} {}\n", problem.code, problem.detail);
    for error in &problem.errors {
        let place = error.line.zip(error.column).map(|(l, c)| format!(" {l}:{c}"));
        let place = place.unwrap_or_default();
        text.push_str(&format!("  {}{place} [{}] {}\n", error.pointer, error.code, error.detail));
    }
    text
}

#[test]
fn every_fault_is_placed() {
    let mut all = String::new();
    for body in [
        "{\"plan\": \"erp\",}",
        "",
        "[]",
        "{\"plan\": \"erp\"} {}",
        "{\n  \"plan\": 5\n}",
        "{\"plan\": \"erp\", \"options\": {\"minutes\": -1}}",
        "{\"plan\": \"erp\", \"steps\": [{\"name\": \"a\"}, {\"name\": null}]}",
        "{\"plan\": \"erp\", \"role\": \"admin\", \"options\": {\"minutes\": 1, \"a/b\": 2}}",
        "{\"plan\": \"erp\", \"plan\": \"crm\"}",
        "{\"plan\": \"e\\u0000rp\", \"steps\": [{\"name\": \"\\u001b[2J\"}]}",
        "{\"plan\": \"erp\", \"\\u0007\": 1}",
    ] {
        all.push_str(&faults(body));
    }
    insta::assert_snapshot!(all, @r#"
    bad-json trailing comma at line 1 column 16
       1:16 [bad-json] trailing comma at line 1 column 16
    bad-json EOF while parsing a value at line 1 column 0
       1:0 [bad-json] EOF while parsing a value at line 1 column 0
    bad-value invalid length 0, expected struct Start with 3 elements
       1:2 [bad-value] invalid length 0, expected struct Start with 3 elements
    bad-json trailing characters at line 1 column 17
       1:17 [bad-json] trailing characters at line 1 column 17
    bad-value /plan: invalid type: integer `5`, expected a string
      /plan 2:11 [bad-value] invalid type: integer `5`, expected a string
    bad-value /options/minutes: invalid value: integer `-1`, expected u32
      /options/minutes 1:41 [bad-value] invalid value: integer `-1`, expected u32
    bad-value /steps/1/name: invalid type: null, expected a string
      /steps/1/name 1:54 [bad-value] invalid type: null, expected a string
    bad-value 2 values are wrong
      /role [unknown-field] there is no such field
      /options/a~1b [unknown-field] there is no such field
    bad-value /plan: the field stands here twice
      /plan [duplicate-field] the field stands here twice
    bad-value 2 values are wrong
      /plan [control-character] the text holds the control character U+0000
      /steps/0/name [control-character] the text holds the control character U+001B
    bad-value /�: the text holds the control character U+0007
      /� [control-character] the text holds the control character U+0007
    "#);
}

#[test]
fn texts_may_have_lines_and_any_language() {
    let body = "{\"plan\": \"a\\n\\tb\\r\\n café 試験 🚀\"}";
    assert_eq!(read::<Start>(body.as_bytes()).unwrap().plan, "a\n\tb\r\n café 試験 🚀");
}

#[test]
fn depth_is_limited() {
    let nested =
        |n: usize| format!("{{\"plan\": \"x\", \"y\": {}1{}}}", "[".repeat(n), "]".repeat(n));
    let code = |n| read::<Start>(nested(n).as_bytes()).unwrap_err().errors.remove(0).code;
    assert_eq!(code(62), "unknown-field");
    assert_eq!(code(64), "too-deep");
    assert_eq!(code(100_000), "too-deep");
}

/// With a pointer made for each value this would copy the name half a million times.
#[test]
fn a_long_name_over_many_values_is_read_in_one_pass() {
    let body = format!("{{\"{}\": [{}0]}}", "x".repeat(1 << 20), "0,".repeat(1 << 19));
    let errors = read::<Option<Start>>(body.as_bytes()).unwrap_err().errors;
    assert_eq!(errors.len(), 1, "the plan is missing");
}

#[test]
fn no_more_faults_are_told_than_a_person_reads() {
    let many: Vec<String> = (0..1_000).map(|n| format!("\"f{n}\": 1")).collect();
    let body = format!("{{\"plan\": \"x\", {}}}", many.join(", "));
    assert_eq!(read::<Start>(body.as_bytes()).unwrap_err().errors.len(), scan::FAULTS);
}

#[test]
fn media_types() {
    let json = |value: &'static str| {
        is_json(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]))
    };
    assert!(json("application/json") && json("Application/JSON; charset=utf-8"));
    assert!(json("application/merge-patch+json"));
    for other in ["text/plain", "application/x-www-form-urlencoded", "text/json", "json"] {
        assert!(!json(other), "{other}");
    }
    assert!(!is_json(&HeaderMap::new()));
}
