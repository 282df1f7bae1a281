//! Rendered forms against the structs that read them.

use std::collections::BTreeSet;

use muster_web::form;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, Visitor, value::Error};

use super::{fields, parse, sample};

/// Asks a type for the names of its fields and reads nothing.
struct Names<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("only structs are asked"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields);
        Err(Error::custom("nothing is read"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn names<T: DeserializeOwned>() -> BTreeSet<String> {
    let mut names = Vec::new();
    let nothing = <T as Deserialize>::deserialize(Names(&mut names));
    assert!(nothing.is_err());
    names.into_iter().map(str::to_owned).collect()
}

/// The fields that the handler of a form reads.
fn read_by(method: &str, action: &str) -> BTreeSet<String> {
    let path = action.split(['?', '#']).next().unwrap();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (method, parts.as_slice()) {
        ("post", ["sign-in"]) => names::<form::SignIn>(),
        ("post", ["sign-out"]) => BTreeSet::new(),
        ("post", ["account", "password"]) => names::<form::ChangePassword>(),
        ("post", ["account", "sessions", "end"]) => names::<form::EndSession>(),
        ("post", ["theme"]) => names::<form::Theme>(),
        ("post", ["plans", _, "start"]) => names::<form::Start>(),
        ("post", ["plans", _, "commit" | "rebuild"]) => names::<form::Reason>(),
        ("post", ["runs", _, "answer"]) => names::<form::Answer>(),
        ("post", ["runs", _, "attest"]) => names::<form::Attest>(),
        ("post", ["runs", _, "rule"]) => names::<form::Rule>(),
        ("post", ["runs", _, "cancel" | "resume" | "owed"]) => names::<form::Reason>(),
        ("post", ["server", "hold", "release"]) => names::<form::Release>(),
        ("get", ["groups", _]) => names::<form::GroupQuery>(),
        ("get", ["runs"]) => names::<form::RunsQuery>(),
        ("get", ["runs", _]) => names::<form::RunQuery>(),
        ("get", ["inventory"]) => names::<form::InventoryQuery>(),
        _ => panic!("no handler reads {method} {action}"),
    }
}

#[test]
fn each_form_sends_what_its_handler_reads() {
    let mut seen = BTreeSet::new();
    for (name, html) in sample::usual().unwrap() {
        for form in parse(&html).all("form") {
            let (method, action) = (form.attr("method").unwrap(), form.attr("action").unwrap());
            let mut sent = fields(form);
            let with_token = sent.remove("csrf");
            let read = read_by(method, action);
            assert!(sent.is_subset(&read), "{name}: {action} sends {sent:?}, {read:?} are read");
            assert_eq!(
                with_token,
                method == "post" && !name.starts_with("sign-in"),
                "{name}: {action}"
            );
            if method == "post" && !action.ends_with("/start") {
                // The start form leaves out what does not apply; all others are complete.
                assert_eq!(sent, read, "{name}: {action}");
            }
            seen.insert(format!("{method} {}", action.rsplit('/').next().unwrap()));
        }
    }
    let post = seen.iter().filter(|form| form.starts_with("post")).count();
    assert_eq!(post, 15, "kinds of POST forms in the gallery: {seen:?}");
}

#[test]
fn nothing_is_done_by_following_a_link() {
    for (name, html) in sample::usual().unwrap() {
        for link in parse(&html).all("a[href]") {
            let path = link.attr("href").unwrap().split(['?', '#']).next().unwrap();
            for verb in [
                "/answer",
                "/attest",
                "/rule",
                "/cancel",
                "/resume",
                "/owed",
                "/rebuild",
                "/sign-out",
            ] {
                assert!(!path.ends_with(verb), "{name}: {path}");
            }
        }
    }
}
