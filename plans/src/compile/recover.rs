//! From usable storage to running VMs: the part that tests, planned migrations and failovers share.

use super::Request;
use super::estimates::{CALLOUT_TIMEOUT, NO_LIMIT, millis};
use super::found::{Found, Names};
use super::hosts::HostNo;
use super::lay::Lay;
use super::lookup::Lookup;
use super::model::Model;
use super::order::On;
use crate::document::{HookStep, Wait};
use crate::finding::Code;
use crate::graph::{
    Action, Callout, CalloutIx, Prompt, PromptIx, SiteIx, StepIx, StepKind, TestVmIx, VmIx, VmRef,
};
use crate::run::RunKind;

/// How a VM came over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Came {
    /// It is restarted.
    Restart,
    /// A live move was tried; if it succeeds, the restart is skipped.
    Else(StepIx),
    /// It moves live or not at all.
    Live(StepIx),
}

impl Came {
    /// The live move that was tried.
    pub(crate) fn migrate(&self) -> Option<StepIx> {
        match *self {
            Came::Restart => None,
            Came::Else(step) | Came::Live(step) => Some(step),
        }
    }
}

/// What VMs wait for.
pub(crate) struct Ready<'r> {
    /// By group: the step that makes it usable.
    pub(crate) storage: &'r [StepIx],
    /// Nothing is powered on before this one.
    pub(crate) open: StepIx,
    /// No card is connected before this one.
    pub(crate) wired: Option<StepIx>,
    /// Hosts that are woken first.
    pub(crate) wakes: &'r Lookup<HostNo, StepIx>,
    /// By member.
    pub(crate) came: &'r [Came],
}

/// What is there now.
pub(crate) struct Recovered {
    /// The last step of each member.
    pub(crate) last: Vec<StepIx>,
    /// All of them have come to an end.
    pub(crate) end: StepIx,
}

struct Recovery<'r, 'a> {
    lay: &'r mut Lay,
    request: &'r Request<'a>,
    model: &'r Model<'a>,
    ready: &'r Ready<'r>,
    test: bool,
    /// First step that is held back by priority and `after`, by member.
    first: Vec<Option<StepIx>>,
    last: Vec<StepIx>,
    left_out: Vec<(String, Names)>,
}

/// Lays registering, networks and addresses for all VMs, then power-on by priority.
///
/// Registering waits for nothing but the VM's own storage and host: it starts no guest, so it needs no
/// order, and doing it early keeps it off the way between two priorities.
pub(crate) fn recover<'a>(
    lay: &mut Lay,
    request: &Request<'a>,
    model: &Model<'a>,
    ready: &Ready<'_>,
    found: &mut Found,
) -> Recovered {
    let members = model.members.len();
    let mut recovery = Recovery {
        test: request.kind == RunKind::Test,
        lay,
        request,
        model,
        ready,
        first: vec![None; members],
        last: vec![0; members],
        left_out: Vec::new(),
    };
    recovery.prepare_all();
    let mut end = ready.open;
    for priority in 1..=5 {
        end = recovery.start_all(priority, end);
    }
    recovery.wait_for_each_other();
    for (callout, names) in std::mem::take(&mut recovery.left_out) {
        found.warning(
            Code::CalloutLeftOut,
            format!("callout {callout} is left out of the test; it stands beside {names}"),
            "let an administrator mark the callout as safe in tests, if it touches nothing outside \
             of the bubble",
        );
    }
    Recovered { last: recovery.last, end }
}

impl Recovery<'_, '_> {
    fn vm(&self, ix: usize) -> VmRef {
        let ix = ix as u32;
        if self.test { VmRef::Test(TestVmIx(ix)) } else { VmRef::Production(VmIx(ix)) }
    }

    fn site(&self, ix: usize) -> SiteIx {
        self.model.members[ix].way.to
    }

    /// A step about one VM, skipped where the VM moved live.
    fn step(&mut self, ix: usize, action: Action) -> StepIx {
        let step = self.lay.step(self.site(ix), action);
        if let Came::Else(migrate) = self.ready.came[ix] {
            self.lay.at(step).unless = Some(migrate);
        }
        step
    }

    /// The next step of a VM's chain.
    fn then(&mut self, ix: usize, action: Action) {
        let step = self.step(ix, action);
        self.lay.needs(step, self.last[ix]);
        self.last[ix] = step;
    }

    fn prepare_all(&mut self) {
        self.lay.phase(if self.test { "Register test VMs" } else { "Register VMs" });
        for ix in 0..self.model.members.len() {
            match self.ready.came[ix] {
                Came::Live(migrate) => self.last[ix] = migrate,
                Came::Restart | Came::Else(_) => self.prepare(ix),
            }
        }
    }

    fn prepare(&mut self, ix: usize) {
        let model = self.model;
        let vm = self.vm(ix);
        let register = self.step(ix, Action::RegisterVm(vm));
        self.last[ix] = register;
        for group in &model.storage.of_vm[ix].groups {
            self.lay.needs(register, self.ready.storage[group.0 as usize]);
        }
        if let Some(wake) = model.placement.host[ix].and_then(|host| self.ready.wakes.get(&host)) {
            self.lay.needs(register, *wake);
        }
        if !model.members[ix].vm.nics.is_empty() {
            self.then(ix, Action::ConfigureNetwork(vm));
            if let Some(wired) = self.ready.wired {
                self.lay.needs(self.last[ix], wired);
            }
        }
        if model.targets.changes_address(ix) {
            self.then(ix, Action::CustomizeIp(vm));
        }
    }

    /// Starts all VMs of a priority; gives the barrier at which all of them have ended.
    fn start_all(&mut self, priority: u8, open: StepIx) -> StepIx {
        let model = self.model;
        let of_priority = |ix: &usize| model.settings[*ix].priority == priority;
        let mut vms = (0..model.members.len()).filter(of_priority).peekable();
        if vms.peek().is_none() {
            return open;
        }
        let what = if self.test { "test VMs" } else { "VMs" };
        self.lay.phase(format!("Power on {what}, priority {priority}"));
        let site = self.lay.builder.graph.recovery;
        let mut ended = Vec::new();
        for ix in vms {
            if !matches!(self.ready.came[ix], Came::Live(_)) {
                self.start(ix, open);
                ended.push(self.last[ix]);
            }
        }
        let close = self.lay.barrier(site);
        // Where no VM of this priority has a step, the barrier still stands behind the one before.
        self.lay.needs(close, open);
        for last in ended {
            self.lay.follows(close, last);
        }
        close
    }

    fn start(&mut self, ix: usize, open: StepIx) {
        let settings = self.model.settings[ix];
        if !settings.power_on {
            return;
        }
        let vm = self.vm(ix);
        // The steps of the chain get the next numbers, one after the other.
        let first = self.lay.builder.len() as StepIx;
        for hook in settings.before {
            self.hook(ix, hook);
        }
        self.then(ix, Action::PowerOn(vm));
        self.first[ix] = Some(first);
        self.lay.needs(first, open);
        self.then(ix, Action::WaitHealthy(vm));
        let healthy = self.lay.at(self.last[ix]);
        healthy.timeout_ms = millis(settings.startup.timeout + settings.startup.delay);
        let wait = match settings.startup.wait {
            Wait::None => 0,
            Wait::Heartbeat | Wait::Tcp(_) => super::estimates::estimate_ms(StepKind::WaitHealthy),
        };
        healthy.estimate_ms = wait.saturating_add(millis(settings.startup.delay));
        for hook in settings.after_hooks {
            self.hook(ix, hook);
        }
    }

    fn hook(&mut self, ix: usize, hook: &HookStep) {
        if let Some(text) = &hook.prompt {
            let (text, role) = (text.clone(), hook.role.clone());
            let prompts = &mut self.lay.builder.graph.prompts;
            prompts.push(Prompt { text, role, vm: Some(VmIx(ix as u32)) });
            let prompt = PromptIx(prompts.len() as u32 - 1);
            self.then(ix, Action::Prompt(prompt));
            self.lay.at(self.last[ix]).timeout_ms = hook.timeout.map_or(NO_LIMIT, millis);
        }
        let Some(name) = &hook.callout else { return };
        if self.test && !self.request.test_safe_callouts.contains(name) {
            return self.leave_out(name.as_str(), ix);
        }
        let callouts = &mut self.lay.builder.graph.callouts;
        callouts.push(Callout { name: name.clone(), vm: Some(VmIx(ix as u32)) });
        let callout = CalloutIx(callouts.len() as u32 - 1);
        self.then(ix, Action::Callout(callout));
        self.lay.at(self.last[ix]).timeout_ms = millis(hook.timeout.unwrap_or(CALLOUT_TIMEOUT));
    }

    fn leave_out(&mut self, callout: &str, ix: usize) {
        let vm = &self.model.members[ix].vm.name;
        match self.left_out.iter_mut().find(|(known, _)| known == callout) {
            Some((_, names)) => names.add(vm),
            None => self.left_out.push((callout.to_owned(), Names::from_iter([vm]))),
        }
    }

    /// `after`: a VM's start waits for the last step of what it depends on.
    fn wait_for_each_other(&mut self) {
        let model = self.model;
        let site = self.lay.builder.graph.recovery;
        let mut hubs: Vec<Option<StepIx>> = vec![None; model.order.hubs.len()];
        for &(vm, on) in &model.order.waits {
            let Some(first) = self.first[vm as usize] else { continue };
            let earlier = match on {
                On::Vm(target) => self.last[target as usize],
                On::Hub(hub) => *hubs[hub as usize].get_or_insert_with(|| {
                    let barrier = self.lay.barrier(site);
                    for target in &model.order.hubs[hub as usize] {
                        self.lay.needs(barrier, self.last[*target as usize]);
                    }
                    barrier
                }),
            };
            self.lay.needs(first, earlier);
        }
    }
}
