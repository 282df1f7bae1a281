//! What Redfish says, read strictly where something hangs on it.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::Look;
use crate::decide::Power;
use crate::error::{Error, complaint, tidy};

/// What switches a host off without asking it.
pub(super) const FORCE_OFF: &str = "ForceOff";

#[derive(Deserialize)]
struct Link {
    #[serde(rename = "@odata.id")]
    id: String,
}

#[derive(Deserialize)]
struct Collection {
    #[serde(rename = "Members")]
    members: Vec<Link>,
}

/// The only member of a collection.
pub(super) fn only(value: Value) -> Result<String, Error> {
    let found: Collection = read(value)?;
    match found.members.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Error::Unsupported("it knows no system".to_owned())),
        several => {
            let ids: Vec<&str> = several.iter().map(|link| link.id.as_str()).take(20).collect();
            let ids = tidy(&ids.join(", "));
            let why = format!("it knows several systems, so `system` must name one of {ids}");
            Err(Error::Unsupported(why))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct System {
    power_state: Option<String>,
    #[serde(rename = "UUID")]
    uuid: Option<String>,
    #[serde(default)]
    actions: Actions,
}

#[derive(Default, Deserialize)]
struct Actions {
    #[serde(rename = "#ComputerSystem.Reset")]
    reset: Option<Reset>,
}

#[derive(Deserialize)]
struct Reset {
    target: String,
    #[serde(rename = "ResetType@Redfish.AllowableValues")]
    allowed: Option<Vec<String>>,
}

/// A system: its power, and where it is reset. `uuid`: the machine that is meant.
pub(super) fn system(value: Value, uuid: Option<uuid::Uuid>) -> Result<Look, Error> {
    let system: System = read(value)?;
    if let Some(wanted) = uuid {
        let found = system.uuid.as_deref().unwrap_or("none");
        if found.parse() != Ok(wanted) {
            return Err(Error::Stranger { found: tidy(found), wanted: wanted.to_string() });
        }
    }
    let power = match system.power_state.as_deref() {
        Some("Off") => Power::Off,
        Some("On" | "PoweringOn" | "PoweringOff" | "Paused") => Power::On,
        Some(other) => {
            return Err(Error::Nonsense(format!("its PowerState is `{}`", tidy(other))));
        }
        None => return Err(Error::Nonsense("it has no PowerState".to_owned())),
    };
    Ok(Look { power, reset: target(system.actions.reset) })
}

/// A BMC that lists nothing may still be able to; one that lists other things is not.
fn target(reset: Option<Reset>) -> Result<String, Error> {
    let none = || Error::Unsupported("it offers no #ComputerSystem.Reset".to_owned());
    let reset = reset.ok_or_else(none)?;
    match reset.allowed {
        Some(allowed) if !allowed.iter().any(|kind| kind == FORCE_OFF) => {
            let kinds = tidy(&allowed.join(", "));
            Err(Error::Unsupported(format!("it offers {kinds}, and not {FORCE_OFF}")))
        }
        _ => Ok(reset.target),
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|error| Error::Nonsense(tidy(&error.to_string())))
}

/// Why an answer is no good, in the words of the BMC where it has some.
pub(super) fn refusal(status: StatusCode, bytes: &[u8]) -> Error {
    let said = serde_json::from_slice::<Value>(bytes).ok();
    let said = said.as_ref().map(|said| &said["error"]);
    let first = said.and_then(|said| said["@Message.ExtendedInfo"][0]["Message"].as_str());
    let why = first.or_else(|| said.and_then(|said| said["message"].as_str()));
    let why = why.or_else(|| status.canonical_reason()).unwrap_or_default();
    let why = complaint(why);
    match status.as_u16() {
        401 | 403 => Error::Auth(why),
        status @ 400..500 => Error::Refused { status, why },
        status => Error::Failed { status: status.into(), why },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn looked(value: Value) -> String {
        let wanted = "27946b59-9e44-4fa7-8e91-f3527a1ef094".parse().unwrap();
        match system(value, Some(wanted)) {
            Ok(look) => match look.reset {
                Ok(target) => format!("{:?}, reset at {target}", look.power),
                Err(error) => format!("{:?}, no reset: {error}", look.power),
            },
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_system_is_read_strictly() {
        let uuid = "27946B59-9E44-4FA7-8E91-F3527A1EF094";
        let reset = |allowed: Value| json!({"#ComputerSystem.Reset": {"target": "/r", "ResetType@Redfish.AllowableValues": allowed}});
        let all = [
            json!({"PowerState": "Off", "UUID": uuid, "Actions": reset(json!(["On", "ForceOff"]))}),
            json!({"PowerState": "PoweringOff", "UUID": uuid, "Actions": reset(Value::Null)}),
            json!({"PowerState": "On", "UUID": uuid, "Actions": reset(json!(["On", "Nmi"]))}),
            json!({"PowerState": "On", "UUID": uuid}),
            json!({"PowerState": "off", "UUID": uuid}),
            json!({"PowerState": null, "UUID": uuid}),
            json!({"PowerState": false, "UUID": uuid}),
            json!({"PowerState": "Off", "UUID": "00000000-9e44-4fa7-8e91-f3527a1ef094"}),
            json!({"PowerState": "Off"}),
            json!([]),
        ];
        insta::assert_snapshot!(all.map(looked).join("\n"));
    }

    #[test]
    fn one_system_is_found_and_several_are_listed() {
        let link = |id: &str| json!({"@odata.id": id});
        assert_eq!(only(json!({"Members": [link("/s/1")]})).unwrap(), "/s/1");
        let several = only(json!({"Members": [link("/s/1"), link("/s/2")]})).unwrap_err();
        let none = only(json!({"Members": []})).unwrap_err();
        let wrong = only(json!({"Members": [{"id": 1}]})).unwrap_err();
        insta::assert_snapshot!([several, none, wrong].map(|error| error.to_string()).join("\n"));
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_bmc() {
        let said = |status: u16, body: &str| {
            let error = refusal(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            format!("{error} ({:?}, certain: {})", error.class(), error.is_refusal())
        };
        let extended = r#"{"error": {"message": "general", "@Message.ExtendedInfo": [{"Message": "Locked."}]}}"#;
        insta::assert_snapshot!(
            [
                said(401, ""),
                said(403, r#"{"error": {"message": "No right."}}"#),
                said(404, "<html>"),
                said(409, extended),
                said(429, ""),
                said(500, "[]"),
                said(503, "{}"),
                said(302, ""),
            ]
            .join("\n")
        );
    }
}
