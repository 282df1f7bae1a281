//! Where a disk's data is, put into a description.

use std::collections::BTreeMap;

use muster_contract::Place;
use xmltree::{Element, XMLNode};

use super::{child, remove};
use crate::config::RbdConfig;

/// Where the disks of a VM are, by their names on the guest's bus, and how hosts sign in there.
pub(crate) struct Disks<'a> {
    pub(crate) places: &'a BTreeMap<String, Place>,
    pub(crate) rbd: Option<&'a RbdConfig>,
}

/// Whether it is one whose medium can be taken out.
pub(super) fn drive(disk: &Element) -> bool {
    matches!(disk.attributes.get("device").map(String::as_str), Some("cdrom" | "floppy"))
}

/// Puts a disk where its data is at this site. How another site's hosts signed in is of no use here.
pub(super) fn set_source(disk: &mut Element, place: &Place, rbd: Option<&RbdConfig>) {
    let mut source = Element::new("source");
    let kind = match place {
        Place::File(path) => {
            put(&mut source, "file", path);
            "file"
        }
        Place::Rbd(image) => {
            put(&mut source, "protocol", "rbd");
            put(&mut source, "name", image);
            "network"
        }
    };
    put(disk, "type", kind);
    remove(disk, "source");
    remove(disk, "auth");
    if let (Place::Rbd(_), Some(rbd)) = (place, rbd) {
        if let Some(conf) = &rbd.conf {
            put(child(&mut source, "config"), "file", &conf.display().to_string());
        }
        let mut auth = Element::new("auth");
        put(&mut auth, "username", &rbd.user);
        let secret = child(&mut auth, "secret");
        put(secret, "type", "ceph");
        put(secret, "uuid", &rbd.secret.to_string());
        disk.children.push(XMLNode::Element(auth));
    }
    disk.children.push(XMLNode::Element(source));
}

fn put(element: &mut Element, name: &str, value: &str) {
    element.attributes.insert(name.to_owned(), value.to_owned());
}
