//! A VM's home made a description that a host of this site can take.

use std::collections::BTreeMap;

use muster_contract::{AdapterError, ErrorClass, VmSpec};
use muster_plans::id::{RunTag, VolumeId};
use uuid::Uuid;
use xmltree::Element;

use super::disk::{Disks, drive, set_source};
use super::{child, each, kept, parse, print, put, remove, target};

/// The volumes that a home names, by disk.
pub(crate) struct Kept {
    pub(crate) volumes: BTreeMap<String, VolumeId>,
}

impl Kept {
    /// Reads them.
    pub(crate) fn read(home: &str) -> Result<Kept, AdapterError> {
        let mut root = parse(home)?;
        let mut volumes = BTreeMap::new();
        for volume in each(kept(&mut root), "volume") {
            if let (Some(disk), Some(id)) = (volume.attributes.get("disk"), volume.get_text()) {
                volumes.insert(disk.clone(), VolumeId::from(id.trim()));
            }
        }
        Ok(Kept { volumes })
    }
}

/// Names and marks of a test copy.
pub(crate) struct Copy<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) tag: &'a RunTag,
}

/// The description of a production VM: powered off, its cards disconnected.
pub(crate) fn production(
    home: &str,
    spec: &VmSpec,
    disks: &Disks<'_>,
) -> Result<String, AdapterError> {
    let mut root = parse(home)?;
    shape(&mut root, spec, disks)?;
    put(&mut root, "name", &spec.name);
    put(&mut root, "uuid", &spec.id.0.to_string());
    print(&root)
}

/// The same for a test copy. Besides its disks and cards nothing may lead out of it: what the VM has of files,
/// sockets and devices of its host is taken away.
pub(crate) fn test(
    home: &str,
    spec: &VmSpec,
    copy: &Copy<'_>,
    disks: &Disks<'_>,
) -> Result<String, AdapterError> {
    let mut root = parse(home)?;
    shape(&mut root, spec, disks)?;
    put(&mut root, "name", &format!("{}-{}", spec.name, copy.tag));
    put(&mut root, "uuid", &copy.uuid.to_string());
    // Settings of the firmware are made anew; what is handed to QEMU past libvirt could be anything.
    remove(child(&mut root, "os"), "nvram");
    root.children.retain(|node| node.as_element().is_none_or(|e| e.namespace.is_none()));
    let vm = kept(&mut root);
    vm.attributes.insert(String::from("run-tag"), copy.tag.to_string());
    vm.attributes.insert(String::from("copy-of"), spec.id.0.to_string());
    let devices = child(&mut root, "devices");
    // Until it is connected to a network for tests it is on none: its end at the host is on no bridge.
    for card in each(devices, "interface") {
        card.attributes.insert(String::from("type"), String::from("ethernet"));
        remove(card, "source");
        remove(card, "script");
    }
    for console in each(devices, "graphics") {
        for fixed in ["port", "tlsPort", "websocket"] {
            console.attributes.shift_remove(fixed);
        }
        console.attributes.insert(String::from("autoport"), String::from("yes"));
    }
    let leads_out = [
        "audio",
        "filesystem",
        "hostdev",
        "lease",
        "memory",
        "pstore",
        "redirdev",
        "rng",
        "shmem",
        "smartcard",
        "tpm",
        "vsock",
    ];
    leads_out.iter().for_each(|name| remove(devices, name));
    for name in ["serial", "parallel", "console", "channel"] {
        each(devices, name).filter(|line| leads_out_of(line)).for_each(cut);
    }
    // A serial port that nobody hears goes on; a channel whose other end is closed makes the guest wait for ever.
    devices.children.retain(|node| {
        let channel = node.as_element().filter(|element| element.name == "channel");
        channel.is_none_or(|channel| kind(channel) != "null")
    });
    print(&root)
}

fn kind(line: &Element) -> &str {
    line.attributes.get("type").map(String::as_str).unwrap_or_default()
}

/// Whether a line ends in something of the host that is not made for this domain alone.
fn leads_out_of(line: &Element) -> bool {
    let named = line.get_child("source").is_some_and(|s| s.attributes.contains_key("path"));
    !matches!((kind(line), named), ("pty" | "null" | "spicevmc", _) | ("unix", false))
}

/// It leads nowhere from now on. The agent's socket is made anew, below the copy's own folder.
fn cut(line: &mut Element) {
    let agent = line.get_child("target").and_then(|target| target.attributes.get("name"));
    let is_agent = agent.is_some_and(|name| name == "org.qemu.guest_agent.0");
    remove(line, "source");
    remove(line, "log");
    let kind = if is_agent { "unix" } else { "null" };
    line.attributes.insert(String::from("type"), kind.to_owned());
}

/// What is the same for both.
fn shape(root: &mut Element, spec: &VmSpec, disks: &Disks<'_>) -> Result<(), AdapterError> {
    root.attributes.shift_remove("id");
    put(root, "vcpu", &spec.vcpus.to_string());
    for name in ["memory", "currentMemory"] {
        put(root, name, &spec.memory_mib.to_string());
        child(root, name).attributes.insert(String::from("unit"), String::from("MiB"));
    }
    let devices = child(root, "devices");
    for disk in each(devices, "disk") {
        let Some(name) = target(disk).map(str::to_owned) else { continue };
        match disks.places.get(&name) {
            Some(place) => set_source(disk, place, disks.rbd),
            // An empty drive, or one whose medium is of the other site.
            None if drive(disk) => remove(disk, "source"),
            None => {
                let text = format!("its disk {name} is on no volume that is known here");
                return Err(AdapterError::new(ErrorClass::NotFound, text));
            }
        }
    }
    for card in each(devices, "interface") {
        remove(card, "target");
        child(card, "link").attributes.insert(String::from("state"), String::from("down"));
    }
    Ok(())
}
