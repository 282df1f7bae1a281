//! Addresses at the other site: the host part stays, the network part changes. IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::document::{IpRule, IpSpec};
use crate::graph::Address;

/// What became of the addresses of one card.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Rewritten {
    /// `None`: no rule picks any of them; they stay.
    pub(crate) address: Option<Address>,
    /// Addresses whose host part has no room in the new network.
    pub(crate) too_narrow: Vec<(IpNet, IpNet)>,
    /// A rule was turned round, so that nobody said which gateway holds there.
    pub(crate) no_gateway: bool,
}

/// Rewrites the addresses of one card. `reversed`: the plan goes the other way. Rules written for
/// that way are taken as they are; otherwise a rule is turned round, and its gateway and name
/// servers, which belong to the site that is left, are not.
pub(crate) fn rewrite(spec: &IpSpec, addresses: &[IpNet], reversed: bool) -> Rewritten {
    let mut rewritten = Rewritten::default();
    let mut new = Address::default();
    let mut any = false;
    for &old in addresses {
        let as_written = spec.rules.iter().find(|rule| rule.from.contains(&old.addr()));
        let turned = spec.rules.iter().find(|rule| reversed && rule.to.contains(&old.addr()));
        let (from, to) = match (as_written, turned) {
            (Some(rule), _) => (rule.from, rule.to),
            (None, Some(rule)) => (rule.to, rule.from),
            (None, None) => {
                new.addresses.push(old);
                continue;
            }
        };
        any = true;
        match keep_host_part(old, from, to) {
            Some(address) => new.addresses.push(address),
            None => rewritten.too_narrow.push((old, to)),
        }
        match as_written {
            Some(rule) => add_services(&mut new, rule),
            None => rewritten.no_gateway |= turned.is_some_and(|rule| rule.gateway.is_some()),
        }
    }
    rewritten.address = any.then_some(new);
    rewritten
}

fn add_services(new: &mut Address, rule: &IpRule) {
    new.gateways.extend(rule.gateway.filter(|gateway| !new.gateways.contains(gateway)));
    for server in &rule.dns {
        if !new.dns.contains(server) {
            new.dns.push(*server);
        }
    }
}

/// The same host in another network; `None` where its number does not fit, or where one network is
/// of IPv4 and the other of IPv6.
fn keep_host_part(old: IpNet, from: IpNet, to: IpNet) -> Option<IpNet> {
    let addr = match (old.addr(), from, to) {
        (IpAddr::V4(addr), IpNet::V4(from), IpNet::V4(to)) => {
            let host = addr.to_bits() & from.hostmask().to_bits();
            if host & to.netmask().to_bits() != 0 {
                return None;
            }
            IpAddr::V4(Ipv4Addr::from_bits(to.network().to_bits() | host))
        }
        (IpAddr::V6(addr), IpNet::V6(from), IpNet::V6(to)) => {
            let host = addr.to_bits() & from.hostmask().to_bits();
            if host & to.netmask().to_bits() != 0 {
                return None;
            }
            IpAddr::V6(Ipv6Addr::from_bits(to.network().to_bits() | host))
        }
        _ => return None,
    };
    // A rule may speak of a wide range whose networks are narrower: the card keeps its own prefix
    // unless the two ranges differ in size.
    let same_size = from.prefix_len() == to.prefix_len();
    IpNet::new(addr, if same_size { old.prefix_len() } else { to.prefix_len() }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_host(net: &str) -> IpAddr {
        match net.parse::<IpNet>().unwrap() {
            IpNet::V4(net) => Ipv4Addr::from_bits(net.network().to_bits() + 1).into(),
            IpNet::V6(net) => Ipv6Addr::from_bits(net.network().to_bits() + 1).into(),
        }
    }

    fn spec(rules: &[(&str, &str)]) -> IpSpec {
        let rule = |(from, to): &(&str, &str)| IpRule {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            gateway: Some(first_host(to)),
            dns: Vec::new(),
        };
        IpSpec { rules: rules.iter().map(rule).collect() }
    }

    fn new(spec: &IpSpec, addresses: &[&str], reversed: bool) -> (Vec<String>, Vec<String>) {
        let addresses: Vec<IpNet> = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let address = rewrite(spec, &addresses, reversed).address.unwrap();
        let text = |list: &[IpNet]| list.iter().map(ToString::to_string).collect();
        (text(&address.addresses), address.gateways.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_host_part_stays_for_both_families() {
        let rules = spec(&[("10.10.0.0/24", "10.20.0.0/24"), ("fd00:a::/64", "fd00:b::/64")]);
        let (addresses, gateways) = new(&rules, &["10.10.0.7/24", "fd00:a::7/64"], false);
        assert_eq!(addresses, ["10.20.0.7/24", "fd00:b::7/64"]);
        assert_eq!(gateways, ["10.20.0.1", "fd00:b::1"]);
    }

    #[test]
    fn a_wide_rule_keeps_the_cards_own_prefix() {
        let rules = spec(&[("10.10.0.0/16", "10.20.0.0/16")]);
        assert_eq!(new(&rules, &["10.10.3.7/24"], false).0, ["10.20.3.7/24"]);
    }

    #[test]
    fn turned_round_it_goes_back_without_a_gateway() {
        let rules = spec(&[("10.10.0.0/24", "10.20.0.0/24")]);
        let (addresses, gateways) = new(&rules, &["10.20.0.7/24"], true);
        assert_eq!((addresses, gateways), (vec!["10.10.0.7/24".to_owned()], vec![]));
        let back = rewrite(&rules, &["10.20.0.7/24".parse().unwrap()], true);
        assert!(back.no_gateway);
    }

    #[test]
    fn a_rule_written_for_the_way_back_is_taken_as_it_is() {
        let rules = spec(&[("10.10.0.0/24", "10.20.0.0/24"), ("10.20.0.0/24", "10.10.0.0/24")]);
        let (addresses, gateways) = new(&rules, &["10.20.0.7/24"], true);
        assert_eq!((addresses, gateways), (vec!["10.10.0.7/24".into()], vec!["10.10.0.1".into()]));
    }

    #[test]
    fn other_addresses_of_the_card_stay_and_no_rule_means_no_change() {
        let rules = spec(&[("10.10.0.0/24", "10.20.0.0/24")]);
        let (addresses, _) = new(&rules, &["10.10.0.7/24", "192.168.1.4/24"], false);
        assert_eq!(addresses, ["10.20.0.7/24", "192.168.1.4/24"]);
        let none = rewrite(&rules, &["192.168.1.4/24".parse().unwrap()], false);
        assert_eq!(none, Rewritten::default());
    }

    #[test]
    fn a_host_that_has_no_room_is_named() {
        let rules = spec(&[("10.10.0.0/23", "10.20.0.0/24")]);
        let narrow = rewrite(&rules, &["10.10.1.7/23".parse().unwrap()], false);
        assert_eq!(narrow.too_narrow.len(), 1);
        assert_eq!(new(&rules, &["10.10.0.7/23"], false).0, ["10.20.0.7/24"]);
    }
}
