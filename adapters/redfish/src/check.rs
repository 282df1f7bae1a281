//! Finds what is wrong with a configuration, all of it at once.

use muster_plans::id::HostId;

use crate::config::{Config, HostConfig, RedfishConfig};
use crate::wrong::Wrong;
use crate::{account, way};

impl Config {
    pub(crate) fn check(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if self.hosts.is_empty() {
            wrong.push(Wrong::NoHost);
        }
        for (name, value, most) in [
            ("answerSeconds", self.answer_seconds, 30),
            ("landSeconds", self.land_seconds, 300),
            // A question about a fence has eight seconds for both readings.
            ("confirmSeconds", self.confirm_seconds, 5),
        ] {
            if !(1..=most).contains(&value) {
                wrong.push(Wrong::Seconds(name, most));
            }
        }
        for (at, host) in self.hosts.iter().enumerate() {
            let earlier = &self.hosts[..at];
            if earlier.iter().any(|other| other.id == host.id) {
                wrong.push(Wrong::Twice(host.id.clone()));
            } else if let Some(other) = earlier.iter().find(|other| same(other, host)) {
                wrong.push(Wrong::Same(other.id.clone(), host.id.clone()));
            }
            host.check(&mut wrong);
        }
        wrong
    }
}

/// Whether two hosts share a switch.
fn same(one: &HostConfig, other: &HostConfig) -> bool {
    let redfish = one.redfish.as_ref().zip(other.redfish.as_ref()).is_some_and(|(one, other)| {
        // One without a path is the only one there.
        let system = one.system.is_none() || other.system.is_none() || one.system == other.system;
        system && way::address(&one.address) == way::address(&other.address)
    });
    let ipmi = one.ipmi.as_ref().zip(other.ipmi.as_ref());
    redfish || ipmi.is_some_and(|(a, b)| (&a.address, a.port) == (&b.address, b.port))
}

impl HostConfig {
    fn check(&self, wrong: &mut Vec<Wrong>) {
        let id = || self.id.clone();
        if self.redfish.is_none() && self.ipmi.is_none() {
            wrong.push(Wrong::NoWay(id()));
        }
        let mut files = Vec::new();
        if let Some(redfish) = &self.redfish {
            redfish.check(&self.id, wrong);
            files.push((&redfish.password_file, usize::MAX));
        }
        if let Some(ipmi) = &self.ipmi {
            let odd = |word: &&String| {
                word.is_empty() || word.starts_with('-') || word.contains(char::is_whitespace)
            };
            let words = [&ipmi.address, &ipmi.user].into_iter().filter(odd);
            wrong.extend(words.map(|word| Wrong::Word(id(), word.clone())));
            files.push((&ipmi.password_file, 20));
        }
        for (file, most) in files {
            let long = || format!("the password in {} is longer than {most} bytes", file.display());
            match account::password(file) {
                Err(error) => wrong.push(Wrong::Password(id(), error.to_string())),
                Ok(secret) if secret.reveal().len() > most => {
                    wrong.push(Wrong::Password(id(), long()));
                }
                Ok(_) => {}
            }
        }
    }
}

impl RedfishConfig {
    fn check(&self, id: &HostId, wrong: &mut Vec<Wrong>) {
        if way::address(&self.address).is_none() {
            wrong.push(Wrong::Address(id.clone(), self.address.clone()));
        }
        if let Some(path) = self.system.as_ref().filter(|path| !path.starts_with("/redfish/")) {
            wrong.push(Wrong::System(id.clone(), path.clone()));
        }
        if self.fingerprint.as_ref().is_some_and(|text| way::fingerprint(text).is_none()) {
            wrong.push(Wrong::Fingerprint(id.clone()));
        }
        if self.fingerprint.is_some() && self.ca_file.is_some() {
            wrong.push(Wrong::Both(id.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wrong::ConfigError;

    fn example() -> Value {
        let (_, rest) = include_str!("../README.md").split_once("```json").unwrap();
        serde_json::from_str(rest.split_once("```").unwrap().0).unwrap()
    }

    fn read(value: Value) -> Config {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_example_of_the_readme_can_be_used() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = read(example());
        for path in config.paths() {
            *path = dir.path().join(path.file_name().unwrap());
            std::fs::write(&path, "geheim").unwrap();
        }
        let wrong: Vec<String> = config.check().iter().map(ToString::to_string).collect();
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(config.hosts.len(), 2);
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (good, empty) = (file("good", "geheim"), file("empty", ""));
        let long = file("long", &"x".repeat(21));
        let redfish =
            |address: &str| json!({"address": address, "user": "m", "passwordFile": good});
        let host = |id: &str, ways: Value| {
            let mut host = ways;
            host["id"] = id.into();
            host["site"] = "lyon".into();
            host
        };
        let mut odd = redfish("https://bmc-2");
        odd["system"] = "Systems/1".into();
        odd["fingerprint"] = "ab".into();
        odd["caFile"] = "ca.pem".into();
        odd["passwordFile"] = empty.into();
        let mut known = redfish("https://bmc-4");
        known["system"] = "/redfish/v1/Systems/1".into();
        let config = json!({
            "state": "state", "answerSeconds": 0, "landSeconds": 301, "confirmSeconds": 9,
            "hosts": [
                host("h1", json!({})),
                host("h1", json!({"redfish": redfish("http://10.0.0.1")})),
                host("h2", json!({"redfish": odd})),
                host("h3", json!({"ipmi": {"address": "-H", "user": "", "passwordFile": long}})),
                host("h4", json!({"redfish": known})),
                host("h5", json!({"redfish": redfish("https://BMC-4/")})),
            ],
        });
        let said = ConfigError(read(config).check()).to_string();
        let said = said.replace(&dir.path().display().to_string(), "DIR");
        insta::assert_snapshot!(said.replace("; ", "\n"));
        assert!(matches!(read(json!({"state": "s", "hosts": []})).check()[..], [Wrong::NoHost]));
    }

    #[test]
    fn unknown_words_and_passwords_in_the_file_are_refused() {
        for key in ["password", "insecure", "verify"] {
            let mut value = example();
            value["hosts"][0]["redfish"][key] = "x".into();
            let error = serde_json::from_value::<Config>(value).unwrap_err();
            assert!(error.to_string().contains("unknown field"), "{error}");
        }
    }
}
