//! One host that does not answer, and one VM that nobody understands, are no reason for nothing to go on.

use muster_contract::{ErrorClass, HypervisorAdapter, HypervisorOp, Query};
use muster_plans::id::VmId;
use uuid::Uuid;

use super::daemon::Vm;
use super::{Site, production};

#[tokio::test]
async fn what_makes_no_writer_goes_on_without_a_host_and_says_so() {
    let mut site = Site::new(vec![Vm::new(1), Vm::new(2).off()], vec![Vm::new(3)]);
    site.lists().await.unwrap();
    site.lose(1).await;
    // It was heard of the lost host that it does not know them.
    let receipt = site.done(HypervisorOp::PowerOff(production(1))).await;
    assert!(receipt.note.unwrap().starts_with("not asked: kvm-1 ("));
    assert_eq!(site.host(0).vm(0).state, 5);
    let receipt = site.done(HypervisorOp::PowerOff(production(1))).await;
    assert!(receipt.already && receipt.note.unwrap().contains("kvm-1"));
    assert!(site.looks(1).await.unwrap().is_some());
    // Whoever would write is not started beside a host that nobody sees.
    let why = site.refused(HypervisorOp::PowerOn(production(2))).await;
    assert!(why.contains("out of reach"), "{why}");
    // Of what was there, or is nowhere, nobody can say that it is off.
    assert_eq!(site.looks(3).await.unwrap_err().class, ErrorClass::Retry);
    assert_eq!(site.looks(9).await.unwrap_err().class, ErrorClass::Retry);
    site.refused(HypervisorOp::PowerOff(production(3))).await;
    assert!(site.lists().await.is_err(), "a VM that is left out would look like one that has gone");
}

#[tokio::test]
async fn a_host_that_was_never_heard_may_run_anything() {
    let mut site = Site::new(vec![Vm::new(1), Vm::new(2).off()], vec![]);
    site.lose(1).await;
    site.restart();
    // It runs here, so that it can be stopped here; that it is off then is more than anybody knows.
    let receipt = site.done(HypervisorOp::PowerOff(production(1))).await;
    assert!(receipt.note.unwrap().contains("kvm-1"));
    let error = site.looks(1).await.unwrap_err();
    assert!(error.message.contains("may run it"), "{error}");
    site.refused(HypervisorOp::PowerOff(production(2))).await;
}

#[tokio::test]
async fn a_vm_that_came_to_a_host_before_it_was_lost_is_not_taken_for_off() {
    let mut site = Site::new(vec![Vm::new(1).off()], vec![]);
    site.lists().await.unwrap();
    site.host(1).knows.lock().unwrap().vms.push(Vm::new(1));
    assert!(site.looks(1).await.unwrap().is_some());
    site.lose(1).await;
    assert!(site.looks(1).await.is_err());
}

#[tokio::test]
async fn one_vm_that_nobody_understands_hides_no_other() {
    let site = Site::new(vec![Vm::new(1), Vm::new(2)], vec![]);
    let before = site.lists().await.unwrap();
    let understood = before.vms.iter().find(|vm| vm.id == VmId(Uuid::from_u128(1))).unwrap();
    let broken = site.host(0).vm(0).xml.replace("<vcpu>1<", "<vcpu>many<");
    site.host(0).knows.lock().unwrap().vms[0].xml = broken;
    let listed = site.lists().await.unwrap();
    assert_eq!(listed.vms.len(), 2);
    let vm = listed.vms.iter().find(|vm| vm.id == understood.id).unwrap();
    assert!(vm.tags["muster-unreadable"].contains("no number of CPUs"), "{:?}", vm.tags);
    assert_eq!(vm.objects, understood.objects, "as it was when it was understood");
    assert!(listed.vms.iter().all(|vm| vm.id == understood.id || vm.tags.is_empty()));
    // It is there, and nobody knows what it is.
    assert_eq!(site.looks(1).await.unwrap_err().class, ErrorClass::Bug);
    site.refused(HypervisorOp::Suspend(VmId(Uuid::from_u128(1)))).await;
    assert!(site.looks(2).await.unwrap().is_some());
    // It has nothing to do with tests that it does not name.
    site.libvirt.query(&Query::Leftovers("t-7".into())).await.unwrap();
    let named = site.host(0).vm(0).xml.replace("<vcpu>", "<x>t-7</x><vcpu>");
    site.host(0).knows.lock().unwrap().vms[0].xml = named;
    assert!(site.libvirt.query(&Query::Leftovers("t-7".into())).await.is_err());
}

#[tokio::test]
async fn homes_are_kept_where_hosts_answer() {
    let mut site = Site::new(vec![Vm::new(1)], vec![]);
    site.lose(1).await;
    let stop = async { tokio::time::sleep(std::time::Duration::from_millis(500)).await };
    site.libvirt.run(stop).await;
    assert_eq!(site.disks.written.lock().unwrap().len(), 1);
}
