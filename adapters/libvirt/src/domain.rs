//! What libvirt writes about a VM, read.
//!
//! Storage policies are in the domain's metadata, which libvirt keeps and never looks at:
//!
//! ```xml
//! <metadata>
//!   <muster:vm xmlns:muster="urn:muster:libvirt:1">
//!     <muster:policy>gold</muster:policy>
//!     <muster:policy disk="vdb">bronze</muster:policy>
//!     <muster:tag name="tier">database</muster:tag>
//!     <muster:port>5432</muster:port>
//!     <muster:address mac="52:54:00:00:00:01" addresses="10.20.0.11/24" gateways="10.20.0.1"/>
//!   </muster:vm>
//! </metadata>
//! ```
//!
//! A port is one by which the VM's health can be seen; an address is what the guest is given when it has
//! started, written by the agent. The policy without a disk is that of the VM's home and of every disk that has none of its own. What is
//! said twice, or has no name, is refused: nobody would know under which policy the VM is.

use std::collections::BTreeMap;

use muster_plans::graph::Address;
use roxmltree::{Document, Node};
use uuid::Uuid;

/// The namespace of what Muster keeps in a domain's metadata.
pub const NAMESPACE: &str = "urn:muster:libvirt:1";

/// The longest description that is read, in bytes; libvirt itself sends no more than 4 MiB.
pub const LONGEST: usize = 4 << 20;

/// A VM as its domain describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// What identifies it on every host.
    pub uuid: Uuid,
    /// Its name.
    pub name: String,
    /// CPUs.
    pub vcpus: u16,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Its disks.
    pub disks: Vec<Disk>,
    /// Its network cards.
    pub nics: Vec<Card>,
    /// The policy of its home, and of disks without one of their own.
    pub policy: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// The test that made it.
    pub run_tag: Option<String>,
    /// The VM that it is a test copy of.
    pub copy_of: Option<Uuid>,
    /// TCP ports by which its health can be seen from outside.
    pub ports: Vec<u16>,
    /// The addresses that its guest is to have, by hardware address in lower case.
    pub addresses: BTreeMap<String, Address>,
}

/// A disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Disk {
    /// What the guest's bus calls it: `vda`.
    pub target: String,
    /// Where its data is; `None`: an empty drive.
    pub source: Option<Source>,
    /// Its own policy.
    pub policy: Option<String>,
    /// Whether nothing can be written to it.
    pub read_only: bool,
    /// How the host caches what is written (`none`, `writeback`, …); `None`: not said.
    pub cache: Option<String>,
}

/// Where a disk's data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(String),
    /// A block device.
    Block(String),
    /// An RBD image, `pool/image`.
    Rbd(String),
    /// Somewhere else; in libvirt's words.
    Other(String),
}

/// A network card.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Hardware address.
    pub mac: String,
    /// The network or bridge that it is connected to.
    pub network: Option<String>,
    /// Whether its link is up.
    pub up: bool,
}

/// A description that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDomain {
    /// It is no XML.
    #[error("the description is no XML: {0}")]
    Xml(String),
    /// It is too long.
    #[error("the description has {0} bytes; {LONGEST} are read")]
    Long(usize),
    /// Something is missing or makes no sense.
    #[error("line {line}, column {column}: {what}")]
    At {
        /// Counted from 1.
        line: u32,
        /// Counted from 1.
        column: u32,
        /// What.
        what: String,
    },
}

impl Domain {
    /// Reads a description.
    ///
    /// # Errors
    /// With the place of what is missing or makes no sense.
    pub fn read(xml: &str) -> Result<Domain, BadDomain> {
        if xml.len() > LONGEST {
            return Err(BadDomain::Long(xml.len()));
        }
        let document = Document::parse(xml).map_err(|error| BadDomain::Xml(error.to_string()))?;
        let root = document.root_element();
        if root.tag_name().name() != "domain" {
            return Err(at(
                root,
                format!("<domain> was expected, not <{}>", root.tag_name().name()),
            ));
        }
        let uuid = needed(root, "uuid")?;
        let vcpus = needed(root, "vcpu")?;
        let kept = child(root, "metadata")
            .and_then(|node| node.children().find(|node| node.has_tag_name((NAMESPACE, "vm"))));
        let mut policies = Policies::read(kept)?;
        let devices = child(root, "devices");
        let each = |name: &'static str| {
            let all = devices.into_iter().flat_map(|node| node.children());
            all.filter(move |node| node.has_tag_name(name))
        };
        let disks = each("disk")
            .filter(|node| !matches!(node.attribute("device"), Some("cdrom" | "floppy")))
            .map(|node| disk(node, &mut policies))
            .collect::<Result<Vec<Disk>, BadDomain>>()?;
        if let Some((name, node)) = policies.of_disk.into_iter().next().map(|(n, (_, at))| (n, at))
        {
            return Err(at(
                node,
                format!("a policy for the disk {name}, which the domain has not"),
            ));
        }
        Ok(Domain {
            uuid: Uuid::parse_str(text(uuid)).map_err(|error| at(uuid, error.to_string()))?,
            name: text(needed(root, "name")?).to_owned(),
            vcpus: text(vcpus).parse().map_err(|_| at(vcpus, "no number of CPUs".to_owned()))?,
            memory_mib: memory(needed(root, "memory")?)?,
            disks,
            nics: each("interface").map(card).collect::<Result<Vec<Card>, BadDomain>>()?,
            policy: policies.home,
            tags: tags(kept),
            run_tag: kept.and_then(|node| node.attribute("run-tag")).map(str::to_owned),
            copy_of: copy_of(kept)?,
            ports: ports(kept)?,
            addresses: addresses(kept)?,
        })
    }
}

fn at(node: Node<'_, '_>, what: String) -> BadDomain {
    let place = node.document().text_pos_at(node.range().start);
    BadDomain::At { line: place.row, column: place.col, what }
}

fn child<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn needed<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Result<Node<'a, 'd>, BadDomain> {
    child(node, name).ok_or_else(|| at(node, format!("<{name}> is missing")))
}

fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}

/// Memory in MiB. libvirt writes KiB where it names no unit.
fn memory(node: Node<'_, '_>) -> Result<u32, BadDomain> {
    let unit: u64 = match node.attribute("unit").unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "KB" => 1000,
        "k" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        other => return Err(at(node, format!("memory in `{other}`"))),
    };
    let amount: Option<u64> = text(node).parse().ok();
    let bytes = amount.and_then(|amount| amount.checked_mul(unit));
    bytes
        .and_then(|bytes| u32::try_from(bytes.div_ceil(1 << 20)).ok())
        .ok_or_else(|| at(node, "no amount of memory".to_owned()))
}

/// Policies as they are written, those of disks with their places until the disk is found.
struct Policies<'a, 'd> {
    home: Option<String>,
    of_disk: BTreeMap<String, (String, Node<'a, 'd>)>,
}

impl<'a, 'd> Policies<'a, 'd> {
    fn read(kept: Option<Node<'a, 'd>>) -> Result<Policies<'a, 'd>, BadDomain> {
        let mut policies = Policies { home: None, of_disk: BTreeMap::new() };
        let nodes = kept.into_iter().flat_map(|node| node.children());
        for node in nodes.filter(|node| node.has_tag_name((NAMESPACE, "policy"))) {
            let name = text(node).to_owned();
            if name.is_empty() {
                return Err(at(node, "a policy without a name".to_owned()));
            }
            let twice = match node.attribute("disk") {
                Some(disk) => policies.of_disk.insert(disk.to_owned(), (name, node)).is_some(),
                None => policies.home.replace(name).is_some(),
            };
            if twice {
                return Err(at(node, "a second policy for the same".to_owned()));
            }
        }
        Ok(policies)
    }
}

fn tags(kept: Option<Node<'_, '_>>) -> BTreeMap<String, String> {
    let nodes = kept.into_iter().flat_map(|node| node.children());
    nodes
        .filter(|node| node.has_tag_name((NAMESPACE, "tag")))
        .filter_map(|node| Some((node.attribute("name")?.to_owned(), text(node).to_owned())))
        .collect()
}

fn own<'a, 'd: 'a>(
    kept: Option<Node<'a, 'd>>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'd>> {
    let nodes = kept.into_iter().flat_map(|node| node.children());
    nodes.filter(move |node| node.has_tag_name((NAMESPACE, name)))
}

fn copy_of(kept: Option<Node<'_, '_>>) -> Result<Option<Uuid>, BadDomain> {
    let Some((node, text)) = kept.and_then(|node| Some((node, node.attribute("copy-of")?))) else {
        return Ok(None);
    };
    Uuid::parse_str(text).map(Some).map_err(|error| at(node, format!("copy-of: {error}")))
}

fn ports(kept: Option<Node<'_, '_>>) -> Result<Vec<u16>, BadDomain> {
    let port = |node: Node<'_, '_>| {
        text(node).parse().map_err(|_| at(node, format!("`{}` is no TCP port", text(node))))
    };
    own(kept, "port").map(port).collect()
}

fn addresses(kept: Option<Node<'_, '_>>) -> Result<BTreeMap<String, Address>, BadDomain> {
    fn list<T: std::str::FromStr>(node: Node<'_, '_>, name: &str) -> Result<Vec<T>, BadDomain> {
        let words = node.attribute(name).unwrap_or_default().split_whitespace();
        let read = |word: &str| word.parse().map_err(|_| at(node, format!("{name}: `{word}`")));
        words.map(read).collect()
    }
    let mut found = BTreeMap::new();
    for node in own(kept, "address") {
        let mac = node.attribute("mac").ok_or_else(|| at(node, "no `mac`".to_owned()))?;
        let address = Address {
            addresses: list(node, "addresses")?,
            gateways: list(node, "gateways")?,
            dns: list(node, "dns")?,
        };
        found.insert(mac.to_ascii_lowercase(), address);
    }
    Ok(found)
}

fn disk(node: Node<'_, '_>, policies: &mut Policies<'_, '_>) -> Result<Disk, BadDomain> {
    let target = needed(node, "target")?;
    let target = target
        .attribute("dev")
        .ok_or_else(|| at(target, "the disk's target has no `dev`".to_owned()))?
        .to_owned();
    let source = child(node, "source").map(|source| {
        let named = |name| source.attribute(name).map(str::to_owned);
        match node.attribute("type") {
            Some("file") => named("file").map(Source::File),
            Some("block") => named("dev").map(Source::Block),
            Some("network") if source.attribute("protocol") == Some("rbd") => {
                named("name").map(Source::Rbd)
            }
            _ => None,
        }
        .unwrap_or_else(|| Source::Other(node.attribute("type").unwrap_or_default().to_owned()))
    });
    let policy = policies.of_disk.remove(&target).map(|(policy, _)| policy);
    let cache = child(node, "driver").and_then(|driver| driver.attribute("cache"));
    Ok(Disk {
        source,
        policy,
        read_only: child(node, "readonly").is_some(),
        cache: cache.map(str::to_owned),
        target,
    })
}

fn card(node: Node<'_, '_>) -> Result<Card, BadDomain> {
    let mac = needed(node, "mac")?;
    let mac = mac.attribute("address").ok_or_else(|| at(mac, "no `address`".to_owned()))?;
    let source = child(node, "source");
    let network = source.and_then(|s| s.attribute("network").or_else(|| s.attribute("bridge")));
    let link = child(node, "link").and_then(|link| link.attribute("state"));
    Ok(Card { mac: mac.to_owned(), network: network.map(str::to_owned), up: link != Some("down") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "<domain type='qemu' id='3'>
  <name>shop-db-01</name>
  <uuid>11111111-0000-0000-0000-000000000001</uuid>
  <metadata>
    <muster:vm xmlns:muster='urn:muster:libvirt:1'>
      <muster:policy>gold</muster:policy>
      <muster:policy disk='vdb'>bronze</muster:policy>
      <muster:tag name='tier'>database</muster:tag>
      <muster:port>5432</muster:port>
      <muster:address mac='52:54:00:00:00:01' addresses='10.20.0.11/24 fd00::11/64' gateways='10.20.0.1'/>
    </muster:vm>
  </metadata>
  <memory unit='KiB'>98304</memory>
  <vcpu placement='static'>2</vcpu>
  <cpu mode='custom'><model fallback='allow'>qemu64</model></cpu>
  <devices>
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source protocol='rbd' name='paris/shop-db-01.vda'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='disk'>
      <source file='/srv/store/shop-db-01.vdb'/><target dev='vdb' bus='virtio'/><readonly/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:01'/><source bridge='br0'/><link state='down'/>
    </interface>
  </devices>
</domain>";

    #[test]
    fn a_domain_is_read() {
        insta::assert_debug_snapshot!("domain", Domain::read(WHOLE).unwrap());
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        let changes = [
            ("<uuid>1", "<uuid>x"),
            ("<name>shop-db-01</name>", ""),
            ("98304", "many"),
            ("unit='KiB'", "unit='pages'"),
            ("<target dev='vda' bus='virtio'/>", ""),
            ("disk='vdb'", "disk='vdz'"),
            ("<muster:policy disk='vdb'>", "<muster:policy>"),
            (">gold<", "><"),
            ("</domain>", "</domains>"),
            ("<domain type", "<network type"),
            ("<vcpu placement='static'>2<", "<vcpu>99999<"),
            (">5432<", ">http<"),
            ("10.20.0.11/24", "10.20.0.11/240"),
            ("<muster:address mac='52:54:00:00:00:01'", "<muster:address"),
            ("<muster:vm xmlns", "<muster:vm copy-of='1' xmlns"),
        ];
        let lines = changes.iter().map(|(from, to)| {
            let wrong = WHOLE.replacen(from, to, 1);
            let error = Domain::read(&wrong).unwrap_err();
            format!("{from} -> {to}\n    {error}")
        });
        insta::assert_snapshot!("domain-wrong", lines.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn nothing_is_expanded() {
        let bomb = format!("<!DOCTYPE domain [<!ENTITY a 'aaaa'>]>\n{WHOLE}");
        assert!(matches!(Domain::read(&bomb), Err(BadDomain::Xml(_))));
        let long = " ".repeat(LONGEST + 1);
        assert_eq!(Domain::read(&long), Err(BadDomain::Long(LONGEST + 1)));
    }
}
