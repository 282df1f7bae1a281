//! What the agent notes with a VM for a later life of its own: libvirt keeps it, and an agent that was restarted has
//! nothing else to know it from.

use std::collections::BTreeMap;

use muster_contract::AdapterError;
use muster_plans::id::VolumeId;
use muster_plans::time::Time;
use roxmltree::Document;
use xmltree::XMLNode;

use super::{kept, own, parse, print};
use crate::domain::NAMESPACE;

/// Until when a guest has time to shut down.
const SHUTDOWN: &str = "shutdown";
/// To which state of a volume the memory that is kept belongs.
const MEMORY: &str = "memory";

/// Names of notes, which belong to one host and one time, and to no home.
pub(super) const NOTES: [&str; 2] = [SHUTDOWN, MEMORY];

/// What is noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// The guest was asked to shut down, and has time until then.
    pub(crate) shutdown: Option<Time>,
    /// What each volume was when the memory was kept.
    pub(crate) memory: BTreeMap<VolumeId, String>,
}

impl Notes {
    /// Reads them; what cannot be read is none.
    pub(crate) fn read(xml: &str) -> Notes {
        let mut notes = Notes::default();
        let Ok(document) = Document::parse(xml) else { return notes };
        for node in document.descendants() {
            if node.has_tag_name((NAMESPACE, SHUTDOWN)) {
                let until = node.attribute("until").and_then(|until| until.parse().ok());
                notes.shutdown = until.map(Time);
            }
            if node.has_tag_name((NAMESPACE, MEMORY))
                && let (Some(volume), Some(of)) = (node.attribute("volume"), node.attribute("of"))
            {
                notes.memory.insert(VolumeId::from(volume), of.to_owned());
            }
        }
        notes
    }
}

/// The description with the time that a guest has to shut down.
pub(crate) fn note_shutdown(xml: &str, until: Time) -> Result<String, AdapterError> {
    noted(xml, SHUTDOWN, &[vec![("until", until.0.to_string())]])
}

/// The description with what its volumes are now.
pub(crate) fn note_memory(
    xml: &str,
    of: &BTreeMap<VolumeId, String>,
) -> Result<String, AdapterError> {
    let each = of.iter().map(|(id, of)| vec![("volume", id.to_string()), ("of", of.clone())]);
    noted(xml, MEMORY, &each.collect::<Vec<_>>())
}

/// The notes of one name, replaced.
fn noted(
    xml: &str,
    name: &str,
    notes: &[Vec<(&'static str, String)>],
) -> Result<String, AdapterError> {
    let mut root = parse(xml)?;
    let vm = kept(&mut root);
    vm.children.retain(|node| node.as_element().is_none_or(|element| element.name != name));
    for note in notes {
        let mut element = own(name);
        for (key, value) in note {
            element.attributes.insert((*key).to_owned(), value.clone());
        }
        vm.children.push(XMLNode::Element(element));
    }
    print(&root)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "<domain type='kvm'><name>a</name></domain>";

    #[test]
    fn notes_are_replaced_one_by_one() {
        let first = note_shutdown(PLAIN, Time(7)).unwrap();
        let memory = BTreeMap::from([(VolumeId::from("erp/db"), "paris@0 'x' 3".to_owned())]);
        let both = note_memory(&first, &memory).unwrap();
        assert_eq!(Notes::read(&both), Notes { shutdown: Some(Time(7)), memory: memory.clone() });
        let later = note_shutdown(&both, Time(9)).unwrap();
        assert_eq!(Notes::read(&later), Notes { shutdown: Some(Time(9)), memory });
        let none = note_memory(&later, &BTreeMap::new()).unwrap();
        assert_eq!(Notes::read(&none).memory, BTreeMap::new());
        assert_eq!(Notes::read(PLAIN), Notes::default());
        assert_eq!(Notes::read("<"), Notes::default());
    }

    #[test]
    fn a_home_holds_no_notes() {
        let noted = note_shutdown(PLAIN, Time(7)).unwrap();
        let home = super::super::home(&noted, &BTreeMap::new()).unwrap();
        assert_eq!(Notes::read(&home), Notes::default());
        assert!(!home.contains("until"), "{home}");
    }
}
