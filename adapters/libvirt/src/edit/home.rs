//! What a VM's home holds: its description, with the volumes of its disks by their names at both sites.

use std::collections::BTreeMap;

use muster_contract::AdapterError;
use muster_plans::id::VolumeId;
use xmltree::XMLNode;

use super::{each, kept, own, parse, print, remove, set_text, target};

/// The text of a home. What only this host knows is left out, so that the same VM gives the same text
/// whether it runs or not.
pub(crate) fn home(
    xml: &str,
    volumes: &BTreeMap<String, VolumeId>,
) -> Result<String, AdapterError> {
    let mut root = parse(xml)?;
    root.attributes.shift_remove("id");
    let devices = super::child(&mut root, "devices");
    for disk in each(devices, "disk") {
        for of_this_host in ["alias", "auth", "backingStore", "mirror"] {
            remove(disk, of_this_host);
        }
        if let Some(volume) = target(disk).and_then(|target| volumes.get(target)) {
            // Only its name counts where it is registered next.
            let source = super::child(disk, "source");
            source.children.clear();
            source.attributes.clear();
            source.attributes.insert(String::from("file"), volume.to_string());
        }
    }
    // What opens a console is no part of a replica. Who had to know it is not let in without it either.
    for console in each(super::child(&mut root, "devices"), "graphics") {
        if console.attributes.shift_remove("passwd").is_some() {
            remove(console, "listen");
            console.attributes.insert(String::from("listen"), String::from("127.0.0.1"));
        }
    }
    let vm = kept(&mut root);
    // Volumes are named anew; notes are of this host and this time.
    let stays = |name: &str| name != "volume" && !super::note::NOTES.contains(&name);
    vm.children.retain(|node| node.as_element().is_none_or(|element| stays(&element.name)));
    for (disk, volume) in volumes {
        let mut element = own("volume");
        element.attributes.insert(String::from("disk"), disk.clone());
        set_text(&mut element, volume.as_str());
        vm.children.push(XMLNode::Element(element));
    }
    print(&root)
}
