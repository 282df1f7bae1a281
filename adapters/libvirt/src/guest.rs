//! What is inside a guest, by QEMU's agent.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use muster_plans::graph::Address;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::host::Host;
use crate::rpc::{AgentCommand, CallError, DomainRef};

/// How long an agent has to answer, in seconds. One that is not there is said to be so at once.
const ANSWER: i32 = 3;

/// The longest file that is read.
const LONGEST: u32 = 1 << 20;

/// What a guest's agent says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Guest {
    /// It answers.
    pub(crate) answers: bool,
    /// Addresses by hardware address in lower case, without those of the link alone.
    pub(crate) addresses: BTreeMap<String, Vec<IpNet>>,
    /// TCP ports on which something listens for others.
    pub(crate) ports: Vec<u16>,
    /// Names of interfaces by hardware address.
    pub(crate) names: BTreeMap<String, String>,
}

/// Why a guest did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the guest's agent answers what makes no sense: {0}")]
    Nonsense(String),
    #[error("`{0}` in the guest: {1}")]
    Failed(String, String),
}

impl Guest {
    /// Asks for everything. A guest without an agent, or one that hangs, just does not answer.
    pub(crate) async fn ask(host: &Host, domain: &DomainRef) -> Guest {
        let line = Line { host, domain };
        if line.ask("guest-ping", Value::Null).await.is_err() {
            return Guest::default();
        }
        let mut guest = Guest { answers: true, ..Guest::default() };
        if let Ok(answer) = line.ask("guest-network-get-interfaces", Value::Null).await {
            read_interfaces(answer, &mut guest);
        }
        for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
            if let Ok(text) = line.read(file).await {
                guest.ports.extend(listening(&text));
            }
        }
        guest.ports.sort_unstable();
        guest.ports.dedup();
        guest
    }

    /// Gives one of its cards other addresses, until it starts again. What it has is taken away only once it has
    /// what it is to have, so that a guest that cannot be given them keeps those that it has.
    pub(crate) async fn address(
        &self,
        host: &Host,
        domain: &DomainRef,
        mac: &str,
        wanted: &Address,
    ) -> Result<(), GuestError> {
        let line = Line { host, domain };
        let Some(name) = self.names.get(mac) else {
            return Err(GuestError::Nonsense(format!("it has no card {mac}")));
        };
        line.run("ip", &["link", "set", "dev", name, "up"]).await?;
        for words in changes(self.addresses.get(mac).map_or(&[], Vec::as_slice), wanted) {
            line.run("ip", &["address", words.0, &words.1.to_string(), "dev", name]).await?;
        }
        for gateway in &wanted.gateways {
            let family = if gateway.is_ipv4() { "-4" } else { "-6" };
            let gateway = gateway.to_string();
            line.run("ip", &[family, "route", "replace", "default", "via", &gateway]).await?;
        }
        if !wanted.dns.is_empty() {
            let lines: Vec<String> =
                wanted.dns.iter().map(|server| format!("nameserver {server}\n")).collect();
            line.write("/etc/resolv.conf", &lines.concat()).await?;
        }
        Ok(())
    }
}

/// What is done to addresses in turn. With an address others of its net go, too, so that those that stay are put
/// back after it.
fn changes(has: &[IpNet], wanted: &Address) -> Vec<(&'static str, IpNet)> {
    let put = || wanted.addresses.iter().map(|net| ("replace", *net));
    let goes: Vec<_> = has.iter().filter(|net| !wanted.addresses.contains(net)).collect();
    let again = put().filter(|_| !goes.is_empty());
    put().chain(goes.iter().map(|net| ("del", **net))).chain(again).collect()
}

/// A line to a guest's agent.
struct Line<'a> {
    host: &'a Host,
    domain: &'a DomainRef,
}

impl Line<'_> {
    async fn ask(&self, command: &str, arguments: Value) -> Result<Value, GuestError> {
        let mut said = json!({ "execute": command });
        if !arguments.is_null() {
            said["arguments"] = arguments;
        }
        let call = AgentCommand {
            domain: self.domain.clone(),
            command: said.to_string(),
            timeout: ANSWER,
            flags: 0,
        };
        let patience = Duration::from_secs(ANSWER.unsigned_abs().into()) * 2;
        let answer = self.host.ask_for(&call, patience).await?.unwrap_or_default();
        let mut answer: Value = serde_json::from_str(&answer)
            .map_err(|error| GuestError::Nonsense(error.to_string()))?;
        Ok(answer["return"].take())
    }

    async fn read(&self, path: &str) -> Result<String, GuestError> {
        let handle = self.ask("guest-file-open", json!({ "path": path, "mode": "r" })).await?;
        let read = self.ask("guest-file-read", json!({ "handle": handle, "count": LONGEST })).await;
        self.ask("guest-file-close", json!({ "handle": handle })).await?;
        let bytes = read?["buf-b64"].as_str().and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.ok_or_else(|| GuestError::Nonsense(format!("no content of {path}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn write(&self, path: &str, text: &str) -> Result<(), GuestError> {
        let handle = self.ask("guest-file-open", json!({ "path": path, "mode": "w" })).await?;
        let content = json!({ "handle": handle, "buf-b64": STANDARD.encode(text) });
        let written = self.ask("guest-file-write", content).await;
        self.ask("guest-file-close", json!({ "handle": handle })).await?;
        written.map(drop)
    }

    /// Runs a program of the guest to its end.
    async fn run(&self, program: &str, arguments: &[&str]) -> Result<(), GuestError> {
        let failed = |why: String| GuestError::Failed(format!("{program} {arguments:?}"), why);
        let started = json!({ "path": program, "arg": arguments, "capture-output": true });
        let started = self.ask("guest-exec", started).await?;
        for _ in 0..50 {
            let status = self.ask("guest-exec-status", json!({ "pid": started["pid"] })).await?;
            if status["exited"].as_bool() == Some(true) {
                let said = status["err-data"].as_str().and_then(|text| STANDARD.decode(text).ok());
                let said = String::from_utf8_lossy(&said.unwrap_or_default()).trim().to_owned();
                return match status["exitcode"].as_i64() {
                    Some(0) => Ok(()),
                    code => Err(failed(format!("exit code {code:?}, {said}"))),
                };
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err(failed("it does not end".to_owned()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Interface {
    name: String,
    hardware_address: Option<String>,
    #[serde(default)]
    ip_addresses: Vec<IpAddress>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct IpAddress {
    ip_address: IpAddr,
    prefix: u8,
}

fn read_interfaces(answer: Value, guest: &mut Guest) {
    let Ok(interfaces) = serde_json::from_value::<Vec<Interface>>(answer) else { return };
    for interface in interfaces {
        let Some(mac) = interface.hardware_address else { continue };
        let mac = mac.to_ascii_lowercase();
        let wide = |address: &&IpAddress| match address.ip_address {
            IpAddr::V4(v4) => !v4.is_link_local() && !v4.is_loopback(),
            IpAddr::V6(v6) => !v6.is_unicast_link_local() && !v6.is_loopback(),
        };
        let addresses = interface.ip_addresses.iter().filter(wide);
        let nets = addresses.filter_map(|a| IpNet::new(a.ip_address, a.prefix).ok());
        guest.addresses.insert(mac.clone(), nets.collect());
        guest.names.insert(mac, interface.name);
    }
}

/// Ports on which something listens for others, of a table of Linux (`/proc/net/tcp`, `proc(5)`).
fn listening(table: &str) -> Vec<u16> {
    const LISTENS: &str = "0A";
    let port = |line: &str| {
        let mut words = line.split_whitespace();
        let (local, state) = (words.nth(1)?, words.nth(1)?);
        let (address, port) = local.split_once(':')?;
        // 127.0.0.0/8 as a little-endian number, and ::1.
        let alone = (address.len() == 8 && address.ends_with("7F"))
            || address == "00000000000000000000000001000000";
        (state == LISTENS && !alone).then(|| u16::from_str_radix(port, 16).ok())?
    };
    table.lines().skip(1).filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_keeps_what_it_has_until_it_has_what_it_is_to_have() {
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        let wanted = Address { addresses: vec![net("10.0.0.12/24")], ..Address::default() };
        let (old, new) = (net("10.0.0.11/24"), net("10.0.0.12/24"));
        let all = [("replace", new), ("del", old), ("replace", new)];
        assert_eq!(changes(&[old], &wanted), all);
        assert_eq!(changes(&[], &wanted), [("replace", new)]);
        assert_eq!(changes(&[new], &wanted), [("replace", new)]);
    }

    #[test]
    fn a_guest_says_what_listens() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
   0: 00000000:1E61 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0B0A0A0A:0050 010A0A0A:C350 01 00000000:00000000 00:00000000 00000000     0
   3: 0B0A0A0A:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
nonsense";
        assert_eq!(listening(table), [7777, 443]);
    }

    #[test]
    fn a_guest_says_its_addresses() {
        let answer = json!([
            { "name": "lo", "ip-addresses": [{ "ip-address": "127.0.0.1", "prefix": 8, "ip-address-type": "ipv4" }] },
            { "name": "eth0", "hardware-address": "52:54:00:AA:00:01", "ip-addresses": [
                { "ip-address": "10.10.0.11", "prefix": 24 },
                { "ip-address": "fe80::1", "prefix": 64 },
                { "ip-address": "fd00::11", "prefix": 64 },
            ] },
        ]);
        let mut guest = Guest::default();
        read_interfaces(answer, &mut guest);
        let nets = &guest.addresses["52:54:00:aa:00:01"];
        assert_eq!(nets, &["10.10.0.11/24".parse().unwrap(), "fd00::11/64".parse().unwrap()]);
        assert_eq!(guest.names["52:54:00:aa:00:01"], "eth0");
        read_interfaces(json!({ "other": 1 }), &mut guest);
        assert_eq!(guest.names.len(), 1);
    }
}
