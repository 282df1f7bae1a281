//! Descriptions before and after.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_contract::{Place, VmSpec};
use muster_plans::id::{RunTag, VmId, VolumeId};
use uuid::Uuid;

use super::*;
use crate::config::RbdConfig;
use crate::domain::{Domain, Source};

const RUNNING: &str = "<domain type='qemu' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>shop-db</name>
  <uuid>11111111-0000-0000-0000-000000000001</uuid>
  <metadata>
    <muster:vm xmlns:muster='urn:muster:libvirt:1'><muster:policy>gold</muster:policy></muster:vm>
    <other:thing xmlns:other='urn:other'>kept &amp; untouched</other:thing>
  </metadata>
  <memory unit='KiB'>98304</memory><currentMemory unit='KiB'>98304</currentMemory>
  <vcpu placement='static'>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><nvram template='/usr/VARS.fd'>/var/lib/shop-db_VARS.fd</nvram></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source file='/srv/store/groups/shop/shop-db.vda.img' index='1'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><source file='/iso/a.iso'/><target dev='sda'/></disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/><source network='prod'/><target dev='vnet3'/><model type='virtio'/>
    </interface>
    <serial type='file'><source path='/var/log/shop-db.log'/><target port='0'/></serial>
    <channel type='unix'>
      <source mode='bind' path='/run/shop-db.agent'/>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <channel type='file'>
      <source path='/var/log/shop-db.ack'/><target type='virtio' name='app.log'/>
    </channel>
    <graphics type='vnc' port='5907' passwd='secret' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>
    <rng model='virtio'><backend model='egd' type='tcp'><source mode='connect' host='h'/></backend></rng>
    <filesystem type='mount'><source dir='/srv/shared'/><target dir='shared'/></filesystem>
  </devices>
  <qemu:commandline><qemu:arg value='-drive'/></qemu:commandline>
</domain>";

fn spec() -> VmSpec {
    VmSpec {
        id: VmId(Uuid::parse_str("11111111-0000-0000-0000-000000000001").unwrap()),
        name: Arc::from("shop-db"),
        host: "lyon-1".into(),
        vcpus: 2,
        memory_mib: 128,
        volumes: vec!["shop/shop-db.vda.img".into()],
        policies: vec![None],
    }
}

fn volumes() -> BTreeMap<String, VolumeId> {
    BTreeMap::from([("vda".to_owned(), VolumeId::from("shop/shop-db.vda.img"))])
}

fn rbd() -> RbdConfig {
    RbdConfig {
        user: "libvirt".to_owned(),
        secret: Uuid::from_u128(0xce),
        conf: Some("/etc/ceph/lyon.conf".into()),
    }
}

#[test]
fn a_host_signs_in_with_what_it_has_itself() {
    let text = home(RUNNING, &volumes()).unwrap();
    let places = BTreeMap::from([("vda".to_owned(), Place::Rbd("rbd/shop-db".to_owned()))]);
    let rbd = rbd();
    let here = Disks { places: &places, rbd: Some(&rbd) };
    let xml = production(&text, &spec(), &here).unwrap();
    let disk = |xml: &str| {
        let (_, rest) = xml.split_once("<disk").unwrap();
        rest.split_once("</disk>").unwrap().0.to_owned()
    };
    insta::assert_snapshot!("rbd-disk", disk(&xml));
    assert_eq!(
        Domain::read(&xml).unwrap().disks[0].source,
        Some(Source::Rbd("rbd/shop-db".into()))
    );
    let home_again = home(&xml, &volumes()).unwrap();
    assert!(!home_again.contains("libvirt\"") && !home_again.contains("lyon.conf"), "{home_again}");
    let there = Disks { places: &places, rbd: None };
    let bare = disk(&production(&home_again, &spec(), &there).unwrap());
    assert!(!bare.contains("auth") && !bare.contains("config"), "{bare}");
}

#[test]
fn a_home_says_what_a_vm_is_made_of_and_not_where_it_ran() {
    let text = home(RUNNING, &volumes()).unwrap();
    insta::assert_snapshot!("home", text);
    assert_eq!(Kept::read(&text).unwrap().volumes, volumes());
    assert!(!text.contains("secret") && !text.contains("0.0.0.0"));
    assert_eq!(home(&text, &volumes()).unwrap(), text, "the same VM gives the same text");
}

#[test]
fn a_home_becomes_a_registration_that_is_off_the_network() {
    let text = home(RUNNING, &volumes()).unwrap();
    let place = Place::File("/srv/store/groups/shop/shop-db.vda.img".to_owned());
    let places = BTreeMap::from([("vda".to_owned(), place)]);
    let xml = production(&text, &spec(), &Disks { places: &places, rbd: None }).unwrap();
    insta::assert_snapshot!("registered", xml);
    let domain = Domain::read(&xml).unwrap();
    assert!(domain.nics.iter().all(|card| !card.up));
    assert_eq!((domain.vcpus, domain.memory_mib), (2, 128));

    let none = Disks { places: &BTreeMap::new(), rbd: None };
    let none = production(&text, &spec(), &none).unwrap_err();
    assert_eq!(none.message, "its disk vda is on no volume that is known here");
}

#[test]
fn nothing_leads_out_of_a_test_copy() {
    let text = home(RUNNING, &volumes()).unwrap();
    let place = Place::Rbd("lyon/clone-7".to_owned());
    let places = BTreeMap::from([("vda".to_owned(), place)]);
    let tag = RunTag::from("muster-7");
    let copy = Copy { uuid: Uuid::from_u128(7), tag: &tag };
    let rbd = rbd();
    let xml = test(&text, &spec(), &copy, &Disks { places: &places, rbd: Some(&rbd) }).unwrap();
    insta::assert_snapshot!("test-copy", xml);
    for leak in [
        "/var/log",
        "app.log",
        "/run/shop-db.agent",
        "filesystem",
        "groups/shop",
        "VARS.fd",
        "5907",
        "egd",
        "-drive",
    ] {
        assert!(!xml.contains(leak), "{leak}");
    }
}

#[test]
fn cards_are_connected_by_their_addresses() {
    let network = "lyon-200".into();
    let wires = [
        Wire { mac: "52:54:00:00:00:01", network: &network },
        Wire { mac: "52:54:00:00:00:02", network: &network },
    ];
    let (xml, cards) = connect(RUNNING, &wires).unwrap();
    let domain = Domain::read(&xml).unwrap();
    let shown: Vec<String> = domain.nics.iter().map(|card| format!("{card:?}")).collect();
    insta::assert_snapshot!("cards", format!("{}\n{}", shown.join("\n"), cards.join("\n")));
    assert!(xml.contains("kept &amp; untouched"));
}

#[test]
fn addresses_are_noted_by_card_and_read_back() {
    let mut wanted = BTreeMap::new();
    let address = |text: &str| muster_plans::graph::Address {
        addresses: vec![text.parse().unwrap(), "fd00::11/64".parse().unwrap()],
        gateways: vec!["10.20.0.1".parse().unwrap()],
        dns: Vec::new(),
    };
    wanted.insert("52:54:00:00:00:01".to_owned(), address("10.20.0.11/24"));
    let once = addresses(RUNNING, &wanted).unwrap();
    assert_eq!(Domain::read(&once).unwrap().addresses, wanted);
    wanted.insert("52:54:00:00:00:01".to_owned(), address("10.20.0.12/24"));
    let twice = addresses(&once, &wanted).unwrap();
    assert_eq!(Domain::read(&twice).unwrap().addresses, wanted);
}

#[test]
fn what_is_no_description_is_refused() {
    for text in ["", "<network/>", "<domain>", &" ".repeat(LONGEST + 1)] {
        assert!(home(text, &volumes()).is_err());
    }
}
