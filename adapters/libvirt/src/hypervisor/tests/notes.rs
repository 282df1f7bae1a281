//! What an agent that was restarted has to know.

use std::sync::atomic::Ordering;
use std::time::Duration;

use muster_contract::{HypervisorAdapter, HypervisorOp};
use muster_plans::id::VmId;
use muster_plans::time::Span;
use uuid::Uuid;

use super::daemon::Vm;
use super::{Site, production};

const VM: VmId = VmId(Uuid::from_u128(1));

/// Once nothing of a line that was opened just now can be on its way.
async fn idle(site: &Site) -> bool {
    let object = format!("vm/{VM}");
    while !site.libvirt.pool.is_settled().await.unwrap() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    site.libvirt.is_idle(&object).await.unwrap()
}

#[tokio::test]
async fn a_guest_that_was_asked_to_shut_down_is_not_idle_after_a_restart() {
    let mut site = Site::new(vec![Vm::new(1)], vec![]);
    assert!(idle(&site).await);
    let op = HypervisorOp::Shutdown { vm: VM, guest: true, timeout: Span::mins(5) };
    // The agent is gone while the guest has time.
    let cut_off = tokio::time::timeout(Duration::from_millis(600), site.does(op)).await;
    assert!(cut_off.is_err());
    site.restart();
    assert!(!idle(&site).await);
    site.time.store(Span::mins(5).0.try_into().unwrap(), Ordering::SeqCst);
    assert!(idle(&site).await, "its time is over");
    site.time.store(0, Ordering::SeqCst);
    assert!(!idle(&site).await);
    site.host(0).knows.lock().unwrap().vms[0].state = 5;
    assert!(idle(&site).await, "it is down");
}

#[tokio::test]
async fn memory_of_other_disks_is_not_resumed() {
    let mut site = Site::new(vec![Vm::new(1)], vec![]);
    site.done(HypervisorOp::Suspend(VM)).await;
    assert!(site.host(0).vm(0).saved);
    site.restart();
    site.disks.generation.fetch_add(1, Ordering::SeqCst);
    let why = site.refused(HypervisorOp::Resume(VM)).await;
    assert!(why.contains("in another state") && why.contains("erp/vm-1"), "{why}");
    assert!(site.host(0).vm(0).saved, "a person decides what becomes of it");
    site.disks.generation.fetch_sub(1, Ordering::SeqCst);
    site.done(HypervisorOp::Resume(VM)).await;
    assert_eq!(site.host(0).vm(0).state, 1);
    // Kept by somebody else, of whom nobody knows when.
    let mut strange = Vm::new(1).off();
    strange.saved = true;
    site.host(0).knows.lock().unwrap().vms[0] = strange;
    site.refused(HypervisorOp::Resume(VM)).await;
    site.done(HypervisorOp::PowerOff(production(1))).await;
    assert!(!site.host(0).vm(0).saved);
}
