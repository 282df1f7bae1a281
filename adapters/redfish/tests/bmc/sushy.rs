//! `sushy-emulator` of `sushy-tools`, which speaks Redfish as OpenStack needs it. Its hosts take 1 to 11 seconds to
//! do what they are told.

use std::time::Duration;

use muster_contract::{FenceState, Outcome};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::lab::{Lab, apply, fence, host, keep_out, let_in, millis, now, said};
use crate::program::{Running, found, tcp_port};

const FIRST: &str = "27946b59-9e44-4fa7-8e91-f3527a1ef094";
const SECOND: &str = "27946b59-9e44-4fa7-8e91-f3527a1ef095";
/// bcrypt of `geheim`.
const ENTRY: &str = "muster:$2b$04$/7Bycn2NCowtGzf1AEwcsu9ZyFF6VDGdy5pyy/5t/t1poiweLluSS\n";

struct Sushy {
    lab: Lab,
    address: String,
    client: reqwest::Client,
    _running: Running,
}

async fn start() -> Option<Sushy> {
    let program = found("sushy-emulator", "MUSTER_SUSHY_EMULATOR")?;
    let mut lab = Lab::new();
    lab.land = 30;
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(lab.file("cert.pem"), own.cert.pem()).unwrap();
    std::fs::write(lab.file("key.pem"), own.signing_key.serialize_pem()).unwrap();
    std::fs::write(lab.file("users"), ENTRY).unwrap();
    std::fs::create_dir(lab.file("emulator")).unwrap();
    let system = |uuid: &str, name: &str| {
        format!("{{'uuid': '{uuid}', 'name': '{name}', 'power_state': 'On', 'nics': []}}")
    };
    let config = format!(
        "SUSHY_EMULATOR_FAKE_SYSTEMS = [{}, {}]\nSUSHY_EMULATOR_STATE_DIR = '{}'\nSUSHY_EMULATOR_AUTH_FILE = '{}'\n",
        system(FIRST, "one"),
        system(SECOND, "two"),
        lab.file("emulator"),
        lab.file("users"),
    );
    std::fs::write(lab.file("emulator.conf"), config).unwrap();
    let port = tcp_port();
    let words = [
        "--fake",
        "-i",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "--config",
        &lab.file("emulator.conf"),
        "--ssl-certificate",
        &lab.file("cert.pem"),
        "--ssl-key",
        &lab.file("key.pem"),
    ];
    let running = Running::start(&program, &words, lab.dir.path());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = reqwest::Certificate::from_pem(own.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().unwrap();
    let address = format!("https://127.0.0.1:{port}");
    for _ in 0..600 {
        if client.get(format!("{address}/redfish/v1")).send().await.is_ok() {
            return Some(Sushy { lab, address, client, _running: running });
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not start: {}", std::fs::read_to_string(lab.file("log")).unwrap_or_default());
}

impl Sushy {
    fn way(&self, password: &str, system: Option<&str>) -> Value {
        let mut way = json!({
            "address": self.address, "user": "muster", "passwordFile": self.lab.file(password),
            "caFile": self.lab.file("cert.pem"),
        });
        if let Some(uuid) = system {
            way["system"] = format!("/redfish/v1/Systems/{uuid}").into();
        }
        json!({ "redfish": way })
    }

    async fn switch_on(&self, uuid: &str) {
        let path =
            format!("{}/redfish/v1/Systems/{uuid}/Actions/ComputerSystem.Reset", self.address);
        let request = self.client.post(path).basic_auth("muster", Some("geheim"));
        let answer = request.json(&json!({"ResetType": "On"})).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

#[tokio::test]
async fn hosts_are_switched_off_and_proven_to_be_off() {
    let Some(sushy) = start().await else { return };
    let power =
        sushy.lab.open(vec![sushy.way("good", Some(FIRST)), sushy.way("good", Some(SECOND))]);
    let begun = now();
    let outcome = apply(&power, &host("h1")).await;
    eprintln!("{} ms until one is proven to be off", millis(begun));
    assert_eq!(said(&outcome), "done, already: false, no note");
    assert_eq!(said(&apply(&power, &host("h1")).await), "done, already: true, no note");

    let begun = now();
    let outcome = apply(&power, &keep_out()).await;
    eprintln!("{} ms until the site is fenced", millis(begun));
    assert_eq!(said(&outcome), "done, already: false, hosts proven to be off: 2");
    assert_eq!(fence(&power).await, FenceState::Fenced);

    sushy.switch_on(SECOND).await;
    let begun = now();
    while fence(&power).await == FenceState::Fenced {
        assert!(millis(begun) < 30_000, "it is on again, and nobody notices");
    }
    assert_eq!(fence(&power).await, FenceState::Unfenced);
    assert_eq!(said(&apply(&power, &let_in()).await).split(',').next(), Some("done"));
}

#[tokio::test]
async fn what_is_wrong_with_a_way_is_said() {
    let Some(sushy) = start().await else { return };
    let mut stranger = sushy.way("good", Some(FIRST));
    stranger["redfish"]["uuid"] = SECOND.into();
    let mut all = Vec::new();
    for way in [
        sushy.way("bad", Some(FIRST)),
        sushy.way("good", None),
        sushy.way("good", Some("nobody")),
        stranger,
    ] {
        let outcome = apply(&sushy.lab.open(vec![way]), &host("h1")).await;
        assert!(matches!(outcome, Outcome::Refused(_)));
        all.push(said(&outcome));
    }
    insta::assert_snapshot!(all.join("\n"));
}
