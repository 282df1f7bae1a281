//! The hypervisors.

use muster_contract::{
    ErrorClass, HypervisorOp, Instance, Mode, NicSpec, Outcome, StorageOp, TestNicSpec, TestVmSpec,
};
use muster_plans::graph::Address;
use muster_plans::inventory::Power;
use muster_plans::time::Span;

use super::rig::{Rig, SILVER, demote, force, power_on, promote, shutdown, site};
use crate::control::Command;
use crate::world::Settings;

fn off(vm: muster_plans::id::VmId) -> HypervisorOp {
    HypervisorOp::PowerOff(Instance::Production(vm))
}

#[test]
fn a_vm_boots_answers_and_writes() {
    let mut rig = Rig::with(Settings { jitter: 0.0, ..Settings::default() });
    let vm = rig.vm("archive-01");
    rig.done("paris", off(vm));
    assert!(rig.done("paris", off(vm)).already);
    rig.done("paris", power_on(vm));
    let state = rig.vm_state("paris", "archive-01").unwrap();
    assert_eq!((state.power, state.heartbeat, state.wrote), (Power::On, false, false));
    rig.pass(Span::secs(30));
    let state = rig.vm_state("paris", "archive-01").unwrap();
    assert!(state.heartbeat && !state.wrote);
    assert_eq!(state.open_ports, [22, 8080]);
    rig.pass(Span::secs(1));
    assert!(rig.vm_state("paris", "archive-01").unwrap().wrote);
    assert!(rig.done("paris", power_on(vm)).already);
}

#[test]
fn a_guest_that_hangs_is_powered_off_after_its_time() {
    let mut rig = Rig::with(Settings { jitter: 0.0, ..Settings::default() });
    let vm = rig.vm("archive-01");
    let before = rig.world.now();
    rig.done("paris", shutdown(vm));
    assert_eq!(rig.world.now().since(before), Span(20_500));
    let vm = rig.vm("archive-02");
    rig.control(Command::HangGuest { vm, hung: true });
    let before = rig.world.now();
    let op = HypervisorOp::Shutdown { vm, guest: true, timeout: Span::secs(90) };
    let note = rig.done("paris", op).note;
    assert!(note.unwrap().contains("did not shut down in time"));
    assert_eq!(rig.world.now().since(before), Span(90_500));
    let state = rig.vm_state("paris", "archive-02").unwrap();
    assert_eq!((state.power, state.autostart), (Power::Off, false));
}

#[test]
fn registering_makes_a_quiet_vm() {
    let mut rig = Rig::instant();
    let spec = rig.spec("archive-01", "lyon-h01");
    rig.done("lyon", HypervisorOp::Register(spec.clone()));
    assert!(rig.done("lyon", HypervisorOp::Register(spec.clone())).already);
    let state = rig.vm_state("lyon", "archive-01").unwrap();
    assert_eq!((state.power, state.autostart), (Power::Off, false));
    assert!(state.nics.iter().all(|nic| nic.network.is_none()));
    let vm = rig.vm("archive-01");
    rig.refused("lyon", power_on(vm), "cannot be written here");

    let standby = rig.spec("archive-02", "lyon-h04");
    rig.refused("lyon", HypervisorOp::Register(standby.clone()), "is not up");
    rig.done("lyon", HypervisorOp::WakeHost("lyon-h04".into()));
    assert!(rig.done("lyon", HypervisorOp::WakeHost("lyon-h04".into())).already);
    rig.done("lyon", HypervisorOp::Register(standby));

    let local = rig.vm("lyon-dev-01");
    let mut elsewhere = rig.spec("archive-03", "paris-h01");
    elsewhere.id = local;
    elsewhere.volumes = vec!["lyon-dev-01-disk-0".into()];
    rig.refused("paris", HypervisorOp::Register(elsewhere), "does not exist here");

    let gone = HypervisorOp::Unregister(Instance::Production(vm));
    rig.refused("paris", gone.clone(), "powered off first");
    rig.done("lyon", gone.clone());
    assert!(rig.done("lyon", gone).already);
    assert!(rig.vm_state("lyon", "archive-01").is_none());
}

#[test]
fn a_host_without_memory_refuses() {
    let mut rig = Rig::instant();
    let vm = rig.vm("archive-01");
    rig.done("paris", off(vm));
    let (host, need) = {
        let instance = &rig.world.sites[&site("paris")].instances[&format!("vm/{vm}")];
        (instance.host.clone(), instance.memory_mib)
    };
    let place = rig.world.sites.get_mut(&site("paris")).unwrap();
    let host = place.hosts.get_mut(&host).unwrap();
    host.memory_mib = host.used_mib + u64::from(need) - 1;
    match rig.run("paris", power_on(vm)) {
        Outcome::Refused(reason) => assert_eq!(reason.class, ErrorClass::Capacity),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_vm_does_not_run_twice() {
    let mut rig = Rig::instant();
    let vm = rig.vm("shop-db-01");
    let spec = rig.spec("shop-db-01", "lyon-h01");
    rig.done("lyon", HypervisorOp::Register(spec));
    // The stretched leg at lyon can be written, but the VM runs at paris.
    rig.refused("lyon", power_on(vm), "it runs at paris");
    rig.done("paris", shutdown(vm));
    rig.done("lyon", power_on(vm));
    rig.refused("paris", power_on(vm), "it runs at lyon");
    rig.honest();
}

#[test]
fn addresses_and_networks() {
    let mut rig = Rig::instant();
    let vm = rig.vm("shop-web-01");
    rig.done("lyon", HypervisorOp::Register(rig.spec("shop-web-01", "lyon-h01")));
    let mac = rig.vm_state("lyon", "shop-web-01").unwrap().nics[0].mac.clone();
    let nics = |network: &str| {
        let nic = NicSpec { mac: mac.as_str().into(), network: network.into() };
        HypervisorOp::ConnectNics { vm, nics: vec![nic] }
    };
    rig.refused("lyon", nics("lyon-test"), "not for production");
    rig.refused("lyon", nics("prod-app"), "does not exist");
    rig.done("lyon", nics("lyon-app"));
    assert!(rig.done("lyon", nics("lyon-app")).already);
    let address = Address {
        addresses: vec!["10.20.0.77/24".parse().unwrap(), "fd00:20::77/64".parse().unwrap()],
        ..Address::default()
    };
    let ip =
        |addresses| HypervisorOp::CustomizeIp { instance: Instance::Production(vm), addresses };
    rig.refused("lyon", ip(vec![None, None]), "addresses for 2");
    rig.done("lyon", ip(vec![Some(address.clone())]));
    assert!(rig.done("lyon", ip(vec![Some(address.clone())])).already);
    let nic = rig.vm_state("lyon", "shop-web-01").unwrap().nics.remove(0);
    assert_eq!((nic.network.unwrap().as_str(), nic.address), ("lyon-app", address));
}

#[test]
fn a_test_stays_in_its_bubble_and_leaves_nothing() {
    let mut rig = Rig::instant();
    rig.pass(Span::mins(1));
    rig.mode = Mode::Test;
    rig.tag = Some("t1".into());
    let name = "archive-01";
    let vm = rig.vm(name);
    let copy = Instance::Test(vm, "t1".into());
    let spec = TestVmSpec {
        copy_of: rig.spec(name, "lyon-h01"),
        clones: vec!["c1".to_owned()],
        tag: "t1".into(),
    };
    rig.refused("lyon", HypervisorOp::RegisterTest(spec.clone()), "clone c1 does not exist");
    rig.done("lyon", StorageOp::SnapshotForTest { group: SILVER.into(), clone: "c1".to_owned() });
    rig.done("lyon", HypervisorOp::CreateBubble { name: "b1".into() });
    rig.done("lyon", HypervisorOp::RegisterTest(spec));
    rig.refused("lyon", HypervisorOp::PowerOn(copy.clone()), "not mounted");
    rig.done("lyon", HypervisorOp::MountTest { clone: "c1".to_owned() });
    let connect = |network: &str| {
        let nic = TestNicSpec { mac: "52:54:00:00:00:99".into(), network: network.into() };
        HypervisorOp::ConnectTestNics { vm, tag: "t1".into(), nics: vec![nic] }
    };
    rig.refused("lyon", connect("lyon-app"), "neither for tests");
    rig.done("lyon", connect("b1"));
    rig.done("lyon", HypervisorOp::PowerOn(copy.clone()));
    rig.pass(Span::secs(5));
    // Production is out of reach.
    rig.refused("paris", shutdown(vm), "does not touch");
    rig.refused("paris", demote(SILVER), "does not touch");
    rig.refused("lyon", promote(SILVER), "does not touch");
    rig.refused("lyon", force(SILVER), "does not touch");

    let dev = rig.vm("lyon-dev-01");
    rig.done("lyon", HypervisorOp::Suspend(dev));
    let left = ["lyon: bubble/b1", "lyon: clone/c1"];
    assert!(left.iter().all(|one| rig.world.truth().leftovers.contains(&(*one).to_owned())));
    assert_eq!(rig.world.truth().leftovers.len(), 4);

    rig.mode = Mode::Cleanup;
    rig.refused("lyon", HypervisorOp::DropBubble { name: "b1".into() }, "is connected");
    rig.done("lyon", HypervisorOp::PowerOff(copy.clone()));
    rig.done("lyon", HypervisorOp::Unregister(copy));
    rig.done("lyon", HypervisorOp::DropBubble { name: "b1".into() });
    rig.done("lyon", StorageOp::DropTest { group: SILVER.into(), clone: "c1".to_owned() });
    rig.done("lyon", HypervisorOp::Resume(dev));
    assert!(rig.honest().leftovers.is_empty());
    assert_eq!(rig.vm_state("lyon", "lyon-dev-01").unwrap().power, Power::On);
    assert_eq!(rig.vm_state("paris", name).unwrap().power, Power::On);
}

#[test]
fn a_bubble_is_no_network_and_a_network_no_bubble() {
    let mut rig = Rig::instant();
    rig.tag = Some("t1".into());
    let make = |name: &str| HypervisorOp::CreateBubble { name: name.into() };
    rig.refused("lyon", make("lyon-app"), "name of a network");
    rig.refused("lyon", HypervisorOp::DropBubble { name: "lyon-app".into() }, "not a bubble");
    rig.done("lyon", make("b1"));
    assert!(rig.done("lyon", make("b1")).already);
    rig.tag = Some("t2".into());
    rig.refused("lyon", make("b1"), "not the tag");
    rig.refused("lyon", HypervisorOp::DropBubble { name: "b1".into() }, "not the tag");
}

#[test]
fn mounts() {
    let mut rig = Rig::instant();
    let unmount = HypervisorOp::Unmount { group: SILVER.into() };
    rig.refused("paris", unmount.clone(), "runs here");
    for name in rig.members(SILVER) {
        let vm = rig.vm(&name);
        rig.done("paris", shutdown(vm));
    }
    rig.done("paris", unmount.clone());
    assert!(rig.done("paris", unmount).already);
    let vm = rig.vm("archive-01");
    rig.refused("paris", power_on(vm), "not mounted");
    rig.done("paris", HypervisorOp::Rescan);
    assert!(rig.group("paris", SILVER).mounted);
    assert!(rig.done("paris", HypervisorOp::Mount { group: SILVER.into() }).already);
    rig.done("paris", power_on(vm));
}
