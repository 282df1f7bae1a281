//! What libvirt writes about a domain, changed: what nobody here knows stays as it is.

mod cards;
mod disk;
mod home;
mod note;
mod register;

use muster_contract::{AdapterError, ErrorClass};
use xmltree::{Element, EmitterConfig, Namespace, XMLNode};

use crate::domain::{LONGEST, NAMESPACE};

pub(crate) use cards::{Wire, addresses, connect};
pub(crate) use disk::Disks;
pub(crate) use home::home;
pub(crate) use note::{Notes, note_memory, note_shutdown};
pub(crate) use register::{Copy, Kept, production, test};

/// Reads a description for changing it.
fn parse(xml: &str) -> Result<Element, AdapterError> {
    let bad = |why: String| {
        AdapterError::new(ErrorClass::Bug, format!("the description of a VM cannot be read: {why}"))
    };
    if xml.len() > LONGEST {
        return Err(bad(format!("{} bytes are too many", xml.len())));
    }
    let root = Element::parse(xml.as_bytes()).map_err(|error| bad(error.to_string()))?;
    if root.name == "domain" { Ok(root) } else { Err(bad(format!("it is a <{}>", root.name))) }
}

/// Writes it.
fn print(root: &Element) -> Result<String, AdapterError> {
    let config = EmitterConfig::new().write_document_declaration(false).perform_indent(true);
    let mut bytes = Vec::new();
    let written = root.write_with_config(&mut bytes, config).map_err(|error| error.to_string());
    written.and_then(|()| String::from_utf8(bytes).map_err(|error| error.to_string())).map_err(
        |why| AdapterError::new(ErrorClass::Bug, format!("a description cannot be written: {why}")),
    )
}

/// The elements below an element, to change.
fn each<'a>(parent: &'a mut Element, name: &'static str) -> impl Iterator<Item = &'a mut Element> {
    let all = parent.children.iter_mut().filter_map(XMLNode::as_mut_element);
    all.filter(move |element| element.name == name)
}

/// The one child of a name, made where it is missing.
fn child<'a>(parent: &'a mut Element, name: &str) -> &'a mut Element {
    let there = parent.children.iter().position(|node| named(node, name));
    let at = there.unwrap_or_else(|| {
        parent.children.push(XMLNode::Element(Element::new(name)));
        parent.children.len() - 1
    });
    let XMLNode::Element(element) = &mut parent.children[at] else {
        unreachable!("the node at this place is an element")
    };
    element
}

fn named(node: &XMLNode, name: &str) -> bool {
    node.as_element().is_some_and(|element| element.name == name)
}

fn remove(parent: &mut Element, name: &str) {
    parent.children.retain(|node| !named(node, name));
}

fn set_text(element: &mut Element, text: &str) {
    element.children = vec![XMLNode::Text(text.to_owned())];
}

/// Replaces the child of a name by one with a text.
fn put(parent: &mut Element, name: &str, text: &str) {
    set_text(child(parent, name), text);
}

/// An element of Muster's own.
fn own(name: &str) -> Element {
    let mut element = Element::new(name);
    element.prefix = Some(String::from("muster"));
    element.namespace = Some(NAMESPACE.to_owned());
    element
}

/// What Muster keeps in a domain's metadata, made where it is missing.
fn kept(root: &mut Element) -> &mut Element {
    let metadata = child(root, "metadata");
    let is = |node: &XMLNode| {
        let element = node.as_element();
        element.is_some_and(|e| e.name == "vm" && e.namespace.as_deref() == Some(NAMESPACE))
    };
    let at = metadata.children.iter().position(is).unwrap_or_else(|| {
        let mut vm = own("vm");
        let mut names = Namespace::empty();
        names.put("muster", NAMESPACE);
        vm.namespaces = Some(names);
        metadata.children.push(XMLNode::Element(vm));
        metadata.children.len() - 1
    });
    let XMLNode::Element(vm) = &mut metadata.children[at] else {
        unreachable!("the node at this place is an element")
    };
    vm
}

/// The name that a disk has in the guest.
fn target(disk: &Element) -> Option<&str> {
    disk.get_child("target").and_then(|target| target.attributes.get("dev")).map(String::as_str)
}

#[cfg(test)]
mod tests;
