//! Network cards, connected; and the addresses that a guest is to have.

use std::collections::BTreeMap;

use muster_contract::{AdapterError, ErrorClass};
use muster_plans::graph::Address;
use muster_plans::id::NetworkName;
use xmltree::{Element, EmitterConfig, XMLNode};

use super::{child, each, kept, own, parse, print, remove};

/// What a card is to be connected to.
pub(crate) struct Wire<'a> {
    pub(crate) mac: &'a str,
    pub(crate) network: &'a NetworkName,
}

/// The description with its cards connected, and the changed cards by themselves, for a VM that runs.
pub(crate) fn connect(
    xml: &str,
    wires: &[Wire<'_>],
) -> Result<(String, Vec<String>), AdapterError> {
    let mut root = parse(xml)?;
    let devices = child(&mut root, "devices");
    let mut changed = Vec::with_capacity(wires.len());
    for wire in wires {
        let there = each(devices, "interface").any(|card| is(card, wire.mac));
        if !there {
            let mut card = Element::new("interface");
            let mac = child(&mut card, "mac");
            mac.attributes.insert(String::from("address"), wire.mac.to_owned());
            let model = child(&mut card, "model");
            model.attributes.insert(String::from("type"), String::from("virtio"));
            devices.children.push(XMLNode::Element(card));
        }
        for card in each(devices, "interface").filter(|card| is(card, wire.mac)) {
            plug(card, wire.network);
            changed.push(alone(card)?);
        }
    }
    Ok((print(&root)?, changed))
}

fn is(card: &Element, mac: &str) -> bool {
    let own = card.get_child("mac").and_then(|element| element.attributes.get("address"));
    own.is_some_and(|own| own.eq_ignore_ascii_case(mac))
}

fn plug(card: &mut Element, network: &NetworkName) {
    card.attributes.insert(String::from("type"), String::from("network"));
    remove(card, "source");
    let source = child(card, "source");
    source.attributes.insert(String::from("network"), network.to_string());
    child(card, "link").attributes.insert(String::from("state"), String::from("up"));
}

fn alone(card: &Element) -> Result<String, AdapterError> {
    let mut bytes = Vec::new();
    let config = EmitterConfig::new().write_document_declaration(false);
    card.write_with_config(&mut bytes, config)
        .map_err(|error| AdapterError::new(ErrorClass::Bug, error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| AdapterError::new(ErrorClass::Bug, error.to_string()))
}

/// The description with the addresses that the guest is to be given when it has started, by card. Cards that
/// are not named keep what they were to have.
pub(crate) fn addresses(
    xml: &str,
    wanted: &BTreeMap<String, Address>,
) -> Result<String, AdapterError> {
    let mut root = parse(xml)?;
    let vm = kept(&mut root);
    vm.children.retain(|node| {
        let mac = node
            .as_element()
            .filter(|element| element.name == "address")
            .and_then(|element| element.attributes.get("mac"));
        mac.is_none_or(|mac| !wanted.contains_key(mac))
    });
    for (mac, address) in wanted {
        let mut element = own("address");
        let mut put = |name: &str, texts: Vec<String>| {
            if !texts.is_empty() {
                element.attributes.insert(name.to_owned(), texts.join(" "));
            }
        };
        put("mac", vec![mac.clone()]);
        put("addresses", address.addresses.iter().map(ToString::to_string).collect());
        put("gateways", address.gateways.iter().map(ToString::to_string).collect());
        put("dns", address.dns.iter().map(ToString::to_string).collect());
        vm.children.push(XMLNode::Element(element));
    }
    print(&root)
}
