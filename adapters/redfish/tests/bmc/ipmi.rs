//! IPMI: `ipmitool` against `ipmi_sim` of OpenIPMI, and programs that misbehave in its place.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use muster_contract::{FenceState, FencingAdapter, Mode, Outcome};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::lab::{Lab, apply, context, fence, host, keep_out, millis, now, said};
use crate::program::{Running, found, udp_port};
use crate::stub::{Ask, Reply, Stub, status};

impl Lab {
    fn script(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    fn ipmi(&self, program: &str, port: u16, password: &str) -> Value {
        json!({
            "address": "127.0.0.1", "port": port, "user": "muster", "passwordFile": self.file(password),
            "cipherSuite": 3, "program": program,
        })
    }
}

/// A BMC whose host is a file: `1` is on.
fn simulator(lab: &Lab) -> Option<(Running, u16, String)> {
    let tool = found("ipmitool", "MUSTER_IPMITOOL")?;
    let program = found("ipmi_sim", "MUSTER_IPMI_SIM")?;
    let (port, switch) = (udp_port(), lab.file("switch"));
    std::fs::write(&switch, "1").unwrap();
    let control = format!(
        "case \"$2 $3\" in\n\"get power\") echo \"power:$(cat {switch})\" ;;\n\"set power\") echo \"$4\" >{switch} ;;\nesac"
    );
    let control = lab.script("control", &control);
    let auth = "none md2 md5 straight";
    let levels = ["callback", "user", "operator", "admin"];
    let levels = levels.map(|level| format!("    allowed_auths_{level} {auth}\n")).concat();
    let config = format!(
        "name \"bmc\"\nset_working_mc 0x20\n  startlan 1\n    addr 127.0.0.1 {port}\n    priv_limit admin\n{levels}    \
         guid a123456789abcdefa123456789abcdef\n  endlan\n  chassis_control \"{control} 0x20\"\n  user 2 true \"muster\" \
         \"geheim\" admin 10 {auth}\n"
    );
    std::fs::write(lab.file("lan.conf"), config).unwrap();
    let commands =
        "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n";
    std::fs::write(lab.file("commands"), commands).unwrap();
    std::fs::create_dir(lab.file("simulator")).unwrap();
    let words = [
        "-n",
        "-c",
        &lab.file("lan.conf"),
        "-f",
        &lab.file("commands"),
        "-s",
        &lab.file("simulator"),
    ];
    let running = Running::start(&program, &words, lab.dir.path());
    Some((running, port, tool.display().to_string()))
}

#[tokio::test]
async fn a_host_is_switched_off_through_ipmi() {
    let mut lab = Lab::new();
    (lab.land, lab.answer) = (10, 6);
    let Some((_running, port, tool)) = simulator(&lab) else { return };
    let power = lab.open(vec![json!({"ipmi": lab.ipmi(&tool, port, "good")})]);
    let (mut look, begun) = (context(Mode::Planned, 60), now());
    look.dry_run = true;
    while let Outcome::Refused(reason) = power.apply(&look, &host("h1")).await {
        assert!(millis(begun) < 30_000, "it does not start: {}", reason.message);
        sleep(Duration::from_millis(200)).await;
    }
    let outcome = apply(&power, &host("h1")).await;
    assert_eq!(said(&outcome), "done, already: false, no note");
    assert_eq!(std::fs::read_to_string(lab.file("switch")).unwrap().trim(), "0");
    assert_eq!(
        said(&apply(&power, &keep_out()).await),
        "done, already: false, hosts proven to be off: 1"
    );
    assert_eq!(fence(&power).await, FenceState::Fenced);
    std::fs::write(lab.file("switch"), "1").unwrap();
    assert_eq!(fence(&power).await, FenceState::Unfenced);

    let wrong = lab.open(vec![json!({"ipmi": lab.ipmi(&tool, port, "bad")})]);
    let refused = apply(&wrong, &host("h1")).await;
    assert!(matches!(&refused, Outcome::Refused(_)), "{}", said(&refused));
    assert!(!said(&refused).contains("wrong"), "no password is told: {}", said(&refused));
    assert_eq!(std::fs::read_to_string(lab.file("switch")).unwrap().trim(), "1");
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_and_others_see_no_password() {
    let lab = Lab::new();
    let pid = lab.file("pid");
    let hangs = lab.script("hangs", &format!("echo \"$$ $*\" >{pid}\nexec sleep 60"));
    let missing = lab.file("none");
    let begun = now();
    let mut all = Vec::new();
    for program in [&hangs, &missing] {
        let way = json!({"ipmi": lab.ipmi(program, 623, "good")});
        let outcome = apply(&lab.open(vec![way]), &host("h1")).await;
        all.push(said(&outcome).replace(&lab.dir.path().display().to_string(), "DIR"));
    }
    assert!(millis(begun) < 8000, "{}", millis(begun));
    let text = std::fs::read_to_string(&pid).unwrap();
    let (id, words) = text.split_once(' ').unwrap();
    assert!(!words.contains("geheim"), "{words}");
    all.push(words.replace(&lab.dir.path().display().to_string(), "DIR"));
    insta::assert_snapshot!(all.join("\n"));
    sleep(Duration::from_millis(500)).await;
    let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "it still runs: {state}");
}

/// `ipmitool` of a host that goes off when it is told to.
fn obedient(lab: &Lab) -> String {
    let off = lab.file("off");
    lab.script(
        "obedient",
        &format!(
            "case \"$*\" in\n*' off') touch {off}; echo 'Chassis Power Control: Down/Off' ;;\n*) test -e {off} && echo \
             'Chassis Power is off' || echo 'Chassis Power is on' ;;\nesac"
        ),
    )
}

#[tokio::test]
async fn the_second_way_is_taken_where_the_first_leads_nowhere() {
    type First = fn(Ask) -> Reply;
    let cases: [(&str, First, bool); 3] = [
        ("the first does not answer", |_| Reply::Drop, true),
        ("the first does not let us", |_| status(401), true),
        (
            "the first says to the end that it is on",
            |ask| {
                if ask == Ask::Reset { status(204) } else { Reply::Power("On") }
            },
            false,
        ),
    ];
    let mut all = Vec::new();
    for (name, first, proven) in cases {
        let lab = Lab::new();
        let stub = Stub::new(move |ask, _| first(ask));
        let way = json!({"redfish": lab.at(&stub), "ipmi": lab.ipmi(&obedient(&lab), 623, "good")});
        let outcome = apply(&lab.open(vec![way]), &host("h1")).await;
        assert_eq!(matches!(outcome, Outcome::Done(_)), proven, "{name}: {}", said(&outcome));
        all.push(format!("{name}: {}", said(&outcome)));
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn no_way_is_taken_to_another_machine() {
    let lab = Lab::new();
    let stub = Stub::new(|_, _| Reply::Power("On"));
    let mut redfish = lab.at(&stub);
    redfish["uuid"] = "27946b59-9e44-4fa7-8e91-f3527a1ef094".into();
    let way = json!({"redfish": redfish, "ipmi": lab.ipmi(&obedient(&lab), 623, "good")});
    let outcome = apply(&lab.open(vec![way]), &host("h1")).await;
    assert!(matches!(&outcome, Outcome::Refused(_)), "{}", said(&outcome));
    assert!(said(&outcome).contains("another machine"), "{}", said(&outcome));
    assert!(!std::fs::exists(lab.file("off")).unwrap(), "IPMI was told nothing");
}
