//! `ceph osd blocklist ls`: who is kept out of the cluster, and until when.

use ipnet::IpNet;
use muster_plans::time::Time;
use serde::Deserialize;

use super::time::zoned;
use crate::error::Error;

/// Networks all of whose clients are kept out, each until when.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Blocklist(pub(crate) Vec<(IpNet, Time)>);

#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "range")]
    addr: String,
    until: String,
}

/// Two lists one after the other, of single clients and of ranges; older releases know only the first. An entry
/// that does not keep out a whole host (`10.0.0.7:0/1234` is one client of it) is left out.
pub(crate) fn blocklist(text: &[u8]) -> Result<Blocklist, Error> {
    let verb = "ceph osd blocklist ls";
    let lists = serde_json::Deserializer::from_slice(text).into_iter::<Vec<Entry>>();
    let mut found = Vec::new();
    for (nr, list) in lists.enumerate() {
        let list = list.map_err(|error| Error::Nonsense { verb, why: error.to_string() })?;
        for entry in list {
            let nonsense = || Error::Nonsense { verb, why: format!("an entry {:?}", entry.addr) };
            let until = zoned(&entry.until).ok_or_else(nonsense)?;
            let (address, port, nr_or_prefix) = parts(&entry.addr).ok_or_else(nonsense)?;
            let net = match (nr, port, nr_or_prefix) {
                (0, 0, 0) => IpNet::from(address),
                (0, _, _) => continue,
                (_, _, prefix) => u8::try_from(prefix)
                    .ok()
                    .and_then(|prefix| IpNet::new(address, prefix).ok())
                    .ok_or_else(nonsense)?,
            };
            found.push((net, until));
        }
    }
    Ok(Blocklist(found))
}

/// Address, port, and the number behind the stroke. Releases differ in whether they name the protocol.
fn parts(text: &str) -> Option<(std::net::IpAddr, u16, u64)> {
    let text = ["v1:", "v2:", "any:", "cidr:"]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    let (rest, number) = text.rsplit_once('/')?;
    let (address, port) = rest.rsplit_once(':')?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    Some((address.parse().ok()?, port.parse().ok()?, number.parse().ok()?))
}

impl Blocklist {
    /// Whether every client of a network is kept out, beyond an instant.
    pub(crate) fn holds(&self, net: &IpNet, at: Time) -> bool {
        self.0.iter().any(|(held, until)| *until > at && held.contains(net))
    }

    /// Whether anything of a network is kept out now.
    pub(crate) fn touches(&self, net: &IpNet, at: Time) -> bool {
        self.0.iter().any(|(held, until)| {
            *until > at && (held.contains(&net.network()) || net.contains(&held.network()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Ceph 16.2.15 says it.
    const PACIFIC: &str = r#"
[{"addr":"[fd00::1]:0/0","until":"2026-11-28T17:20:56.030174+0000"},{"addr":"10.9.9.7:0/123","until":"2026-11-28T17:20:55.031883+0000"},{"addr":"10.8.0.0:0/24","until":"2036-11-25T16:20:54.029853+0000"},{"addr":"10.9.9.9:0/0","until":"2036-11-25T16:20:51.497559+0000"}][{"range":"10.8.0.0:0/24","until":"2036-11-25T16:20:53.028897+0000"}]"#;

    #[test]
    fn a_client_is_no_host_and_a_range_is_all_of_it() {
        let list = blocklist(PACIFIC.as_bytes()).unwrap();
        assert_eq!(list.0.len(), 3);
        let now = Time(1_795_882_890_000);
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        assert!(list.holds(&net("10.8.0.0/24"), now) && list.holds(&net("10.8.0.7/32"), now));
        assert!(list.holds(&net("10.9.9.9/32"), now) && list.holds(&net("fd00::1/128"), now));
        assert!(!list.holds(&net("10.9.9.7/32"), now), "one client of the host is no host");
        assert!(!list.holds(&net("10.8.0.0/16"), now) && list.touches(&net("10.8.0.0/16"), now));
        assert!(!list.holds(&net("fd00::1/128"), Time(1_795_890_000_000)), "it has run out");
        assert!(!list.touches(&net("10.7.0.0/16"), now));
    }

    #[test]
    fn one_list_is_enough_and_nonsense_is_not() {
        assert_eq!(blocklist(b"[]").unwrap(), Blocklist::default());
        assert_eq!(blocklist(b"\n[][]").unwrap(), Blocklist::default());
        let wrong = [
            r#"[{"addr":"x","until":"2036-11-25T16:20:51.497559+0000"}]"#,
            r#"[{"addr":"10.0.0.1:0/0","until":"soon"}]"#,
            r#"[][{"range":"10.0.0.0:0/99","until":"2036-11-25T16:20:51.497559+0000"}]"#,
            "[",
            "{}",
        ];
        for text in wrong {
            assert!(blocklist(text.as_bytes()).is_err(), "{text}");
        }
    }
}
