//! What a step does, in one line.

use crate::graph::{
    Action, BubbleNetwork, CheckKind, GateKind, Graph, GroupIx, StepIx, VerifyKind, VmIx, VmRef,
    VmTarget,
};

/// The title of a step: `Power on shop-db-01 at lyon-h1`.
pub fn step_title(graph: &Graph, ix: StepIx) -> String {
    let step = graph.step(ix);
    let title = Title { graph };
    let site = graph.site(step.site);
    match step.action {
        Action::Barrier => "Wait for all of these".to_owned(),
        Action::Check(CheckKind::SiteAnswers(site)) => {
            format!("Check that {} answers", graph.site(site))
        }
        Action::Check(CheckKind::GroupHealthy(group)) => {
            format!("Check {} at {site}", title.group(group))
        }
        Action::Gate(GateKind::EvidenceAgainst(lost)) => {
            format!("Wait for evidence that {} cannot write", graph.site(lost))
        }
        Action::Prompt(prompt) => format!("Ask: {}", graph.prompts[prompt.0 as usize].text),
        Action::Callout(callout) => title.callout(callout.0),
        Action::SyncStorage(group) => format!("Send changes of {} from {site}", title.group(group)),
        Action::GuestShutdown(vm) => format!("Shut down {} at {site}", title.production(vm)),
        Action::PowerOff(vm) => format!("Power off {} at {site}", title.vm(vm)),
        Action::SuspendVm(vm) => format!("Suspend {} at {site}", graph.others[vm.0 as usize].name),
        Action::ResumeVm(vm) => format!("Resume {} at {site}", graph.others[vm.0 as usize].name),
        Action::WakeHost(host) => format!("Wake {}", graph.hosts[host.0 as usize].id),
        Action::Fence(lost) => format!("Fence {} from {site}", graph.site(lost)),
        Action::Unfence(back) => format!("Let {} in again at {site}", graph.site(back)),
        Action::Unmount(group) => format!("Unmount {} at {site}", title.group(group)),
        Action::SetSitePreference(group, to) => {
            format!("Prefer {} for {}", graph.site(to), title.group(group))
        }
        Action::DemoteStorage(group) => format!("Demote {} at {site}", title.group(group)),
        Action::PromoteStorage(group) => title.promote(group, site.as_str()),
        Action::SnapshotForTest(clone) => format!("Snapshot {} at {site}", title.cloned(clone.0)),
        Action::MountTest(clone) => format!("Mount {}", graph.clones[clone.0 as usize].name),
        Action::DropTest(clone) => format!("Drop {}", graph.clones[clone.0 as usize].name),
        Action::ReverseReplication(group) => {
            format!("Replicate {} from {site}", title.group(group))
        }
        Action::RegisterVm(vm) => format!("Register {} at {}", title.vm(vm), title.host(vm)),
        Action::UnregisterVm(vm) => format!("Unregister {} at {site}", title.vm(vm)),
        Action::Migrate(vm, method) => {
            let target = title.target(vm);
            format!("Move {} live to {} by {method}", target.name, target.to_host)
        }
        Action::CreateBubble(bubble) => {
            format!("Make isolated network {}", graph.bubbles[bubble.0 as usize].name)
        }
        Action::DropBubble(bubble) => {
            format!("Remove isolated network {}", graph.bubbles[bubble.0 as usize].name)
        }
        Action::ConfigureNetwork(vm) => title.connect(vm),
        Action::CustomizeIp(vm) => title.address(vm),
        Action::PowerOn(vm) => format!("Power on {} at {}", title.vm(vm), title.host(vm)),
        Action::WaitHealthy(vm) => format!("Wait until {} is healthy", title.vm(vm)),
        Action::Rescan(at) => format!("Look for storage at {}", graph.site(at)),
        Action::Verify(VerifyKind::NothingLeft) => format!("Prove that nothing is left at {site}"),
        Action::Verify(VerifyKind::OneWriter(group)) => {
            format!("Prove that one site writes {}", title.group(group))
        }
        Action::Report => "Close the report".to_owned(),
    }
}

struct Title<'g> {
    graph: &'g Graph,
}

impl<'g> Title<'g> {
    fn target(&self, vm: VmIx) -> &'g VmTarget {
        &self.graph.vms[vm.0 as usize]
    }

    fn of(&self, vm: VmRef) -> &'g VmTarget {
        match vm {
            VmRef::Production(vm) => self.target(vm),
            VmRef::Test(test) => self.target(self.graph.test_vms[test.0 as usize].vm),
        }
    }

    fn production(&self, vm: VmIx) -> &'g str {
        &self.target(vm).name
    }

    fn vm(&self, vm: VmRef) -> String {
        match vm {
            VmRef::Production(ix) => self.production(ix).to_owned(),
            VmRef::Test(_) => format!("test copy of {}", self.of(vm).name),
        }
    }

    fn host(&self, vm: VmRef) -> &'g str {
        self.of(vm).to_host.as_str()
    }

    fn group(&self, group: GroupIx) -> &'g str {
        self.graph.groups[group.0 as usize].id.as_str()
    }

    fn cloned(&self, clone: u32) -> &'g str {
        self.group(self.graph.clones[clone as usize].group)
    }

    fn callout(&self, callout: u32) -> String {
        let callout = &self.graph.callouts[callout as usize];
        match callout.vm {
            Some(vm) => format!("Run {} for {}", callout.name, self.production(vm)),
            None => format!("Run {}", callout.name),
        }
    }

    fn promote(&self, group: GroupIx, site: &str) -> String {
        let target = &self.graph.groups[group.0 as usize];
        let point = target.point.as_ref().map(|point| format!(" to {point}"));
        format!("Promote {} at {site}{}", target.id, point.unwrap_or_default())
    }

    /// `Connect shop-db-01 to lyon-db`.
    fn connect(&self, vm: VmRef) -> String {
        let networks: Vec<&str> = match vm {
            VmRef::Production(ix) => {
                self.target(ix).nics.iter().map(|nic| nic.network.0.as_str()).collect()
            }
            VmRef::Test(test) => {
                let nics = &self.graph.test_vms[test.0 as usize].nics;
                nics.iter().map(|nic| self.bubble(&nic.network)).collect()
            }
        };
        format!("Connect {} to {}", self.vm(vm), networks.join(", "))
    }

    fn bubble(&self, network: &'g BubbleNetwork) -> &'g str {
        match network {
            BubbleNetwork::Made(bubble) => self.graph.bubbles[bubble.0 as usize].name.as_str(),
            BubbleNetwork::Marked(name) => name.as_str(),
        }
    }

    /// `Give shop-db-01 10.20.1.11/24`.
    fn address(&self, vm: VmRef) -> String {
        let addresses: Vec<String> = match vm {
            VmRef::Production(ix) => {
                let nics = self.target(ix).nics.iter();
                nics.filter_map(|nic| nic.address.as_ref()).flat_map(texts).collect()
            }
            VmRef::Test(test) => {
                let nics = self.graph.test_vms[test.0 as usize].nics.iter();
                nics.filter_map(|nic| nic.address.as_ref()).flat_map(texts).collect()
            }
        };
        format!("Give {} {}", self.vm(vm), addresses.join(", "))
    }
}

fn texts(address: &crate::graph::Address) -> impl Iterator<Item = String> + '_ {
    address.addresses.iter().map(ToString::to_string)
}
