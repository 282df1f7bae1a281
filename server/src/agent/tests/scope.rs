//! A test run cannot reach production through the agent.

use muster_contract::{Instance, SiteAdapter, StorageOp};
use muster_plans::id::VmId;

use super::*;

#[tokio::test]
async fn only_the_tests_own_objects_are_touched() {
    let bench = Bench::new();
    let agent = bench.agent();
    let vm: VmId = serde_json::from_value("00000000-0000-0000-0000-000000000007".into()).unwrap();
    let refused = [
        Operation::Hypervisor(HypervisorOp::PowerOff(Instance::Production(vm))),
        Operation::Hypervisor(HypervisorOp::PowerOn(Instance::Test(vm, "t-2".into()))),
        Operation::Storage(StorageOp::Demote { group: "cg-1".into() }),
        Operation::Fencing(muster_contract::FencingOp::FenceSite { site: "lyon".into() }),
    ];
    for (step, op) in (1..).zip(refused) {
        for mode in [Mode::Test, Mode::Cleanup] {
            let offset = if mode == Mode::Test { 0 } else { 100 };
            let ctx = OpContext { mode, ..ctx(step + offset) };
            let why = refusal(agent.execute(&ctx, &op).await);
            assert_eq!(why, format!("{} is not part of the test `t-1`", op.object()));
        }
    }
    assert_eq!(bench.effects(), [""; 0]);
    let own = Operation::Hypervisor(HypervisorOp::PowerOff(Instance::Test(vm, "t-1".into())));
    assert_eq!(agent.execute(&ctx(300), &own).await, done());
    let planned = OpContext { mode: Mode::Planned, run_tag: None, ..ctx(301) };
    let production = Operation::Hypervisor(HypervisorOp::PowerOff(Instance::Production(vm)));
    assert_eq!(agent.execute(&planned, &production).await, done());
}
