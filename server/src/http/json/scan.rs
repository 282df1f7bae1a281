//! One pass over a body as it is written, before it is read into a type.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{FieldError, escape};

/// Objects and lists inside each other at most.
const DEPTH: usize = 64;
/// Faults that are told at most.
pub(super) const FAULTS: usize = 50;

/// What is wrong with the body's texts, fields and depth.
///
/// # Errors
/// Where it is no JSON at all.
pub(super) fn scan(body: &[u8]) -> Result<Vec<FieldError>, serde_json::Error> {
    let mut faults = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    Here { place: Place::default(), faults: &mut faults }.deserialize(&mut json)?;
    json.end()?;
    Ok(faults)
}

/// Where in the body. A link for each level: a pointer as text is made only where something is wrong,
/// because one for each value would cost as much as all names above it, every time.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    above: Option<(&'a Place<'a>, Segment<'a>)>,
    depth: usize,
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Field(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    fn below(&'a self, segment: Segment<'a>) -> Place<'a> {
        Place { above: Some((self, segment)), depth: self.depth + 1 }
    }

    fn pointer(&self) -> String {
        match self.above {
            None => String::new(),
            Some((above, Segment::Item(index))) => format!("{}/{index}", above.pointer()),
            Some((above, Segment::Field(key))) => format!("{}/{}", above.pointer(), escape(key)),
        }
    }
}

struct Here<'a> {
    place: Place<'a>,
    faults: &'a mut Vec<FieldError>,
}

impl Here<'_> {
    fn fault(&mut self, code: &str, detail: String, help: &str) {
        if self.faults.len() < FAULTS {
            self.faults.push(FieldError {
                pointer: self.place.pointer(),
                code: code.to_owned(),
                detail,
                help: help.to_owned(),
                ..FieldError::default()
            });
        }
    }

    /// Line breaks and tabs stand in documents and reasons; other control characters never do.
    fn check_text(&mut self, text: &str) {
        let bad = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
        if let Some(bad) = bad {
            let detail = format!("the text holds the control character U+{:04X}", bad as u32);
            self.fault("control-character", detail, "remove it");
        }
    }

    fn check_depth(&mut self) -> bool {
        let deep = self.place.depth >= DEPTH;
        if deep {
            let detail = format!("objects and lists stand more than {DEPTH} deep in each other");
            self.fault("too-deep", detail, "send something flatter");
        }
        deep
    }
}

impl<'de> DeserializeSeed<'de> for Here<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Here<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        self.check_text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        if self.check_depth() {
            while items.next_element::<serde::de::IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        for index in 0.. {
            let place = self.place.below(Segment::Item(index));
            if items.next_element_seed(Here { place, faults: self.faults })?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        if self.check_depth() {
            while fields.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            let place = self.place.below(Segment::Field(&key));
            let mut here = Here { place, faults: self.faults };
            here.check_text(&key);
            if seen.contains(&key) {
                let detail = String::from("the field stands here twice");
                here.fault("duplicate-field", detail, "keep one of them");
            }
            fields.next_value_seed(here)?;
            seen.insert(key);
        }
        Ok(())
    }
}
