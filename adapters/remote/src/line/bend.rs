//! Bodies as other versions would write them. A body that is no JSON stays as it is.

use serde_json::Value;

/// A field that nobody knows.
const NEWER: &str = "x_newer";

/// A request whose context holds a field that could limit what may be done.
pub(super) fn newer_request(body: &[u8]) -> Vec<u8> {
    changed(body, |value| {
        for place in ["context", "domain"] {
            if let Some(object) = value.get_mut(place).and_then(Value::as_object_mut) {
                object.insert(NEWER.to_owned(), Value::Bool(true));
            }
        }
    })
}

/// An answer with one field more, inside the tag where it is one of several kinds.
pub(super) fn newer_answer(body: &[u8]) -> Vec<u8> {
    changed(body, |value| {
        let mut inner = value;
        while let Some(tag) = ["done", "refused", "unknown", "ended"]
            .into_iter()
            .find(|tag| inner.get(tag).is_some_and(Value::is_object))
        {
            inner = &mut inner[tag];
        }
        if let Some(object) = inner.as_object_mut() {
            object.insert(NEWER.to_owned(), Value::Bool(true));
        }
    })
}

/// An answer that says that it is of another version.
pub(super) fn version(body: &[u8], version: u16) -> Vec<u8> {
    changed(body, |value| {
        if let Some(protocol) = value.get_mut("protocol") {
            *protocol = version.into();
        }
    })
}

fn changed(body: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice(body) else { return body.to_vec() };
    change(&mut value);
    serde_json::to_vec(&value).unwrap_or_else(|_| body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_added_where_a_newer_side_would_add_them() {
        let bent = |bend: fn(&[u8]) -> Vec<u8>, body: &str| {
            String::from_utf8(bend(body.as_bytes())).unwrap()
        };
        assert_eq!(
            bent(newer_request, r#"{"context":{"a":1},"operation":{"b":2}}"#),
            r#"{"context":{"a":1,"x_newer":true},"operation":{"b":2}}"#
        );
        assert_eq!(bent(newer_request, r#"{"bubble":"b"}"#), r#"{"bubble":"b"}"#);
        assert_eq!(
            bent(newer_answer, r#"{"ended":{"done":{"already":false}}}"#),
            r#"{"ended":{"done":{"already":false,"x_newer":true}}}"#
        );
        assert_eq!(bent(newer_answer, r#""pending""#), r#""pending""#);
        assert_eq!(bent(|body| version(body, 9), r#"{"protocol":1}"#), r#"{"protocol":9}"#);
        assert_eq!(bent(newer_answer, "it is going well"), "it is going well");
    }
}
