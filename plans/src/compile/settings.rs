//! Settings of each VM: the shipped ones, the plan's defaults, then the rules in their order; the
//! last rule that sets a field wins.

use std::sync::LazyLock;

use super::found::Found;
use super::select::Matcher;
use crate::document::{HookStep, IpSpec, PlanSpec, Shutdown, Startup, VmRule};
use crate::inventory::VirtualMachine;
use crate::mobility::Method;

static SHUTDOWN: LazyLock<Shutdown> = LazyLock::new(Shutdown::default);
static STARTUP: LazyLock<Startup> = LazyLock::new(Startup::default);

/// Priority of VMs of which nobody says otherwise, as in SRM.
const PRIORITY: u8 = 3;

/// Wanted where a plan says nothing: the move that leaves storage where it is.
const PREFERRED: &[Method] = &[Method::LongDistanceActiveActive];

/// What holds for one VM. All of it is borrowed from the plan, so that 100,000 of them cost little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    /// 1 to 5.
    pub(crate) priority: u8,
    pub(crate) shutdown: &'a Shutdown,
    pub(crate) startup: &'a Startup,
    /// Methods wanted, best first.
    pub(crate) prefer: &'a [Method],
    /// Whether it is powered on at the end. Not taken from whether it runs now: a run that is started
    /// again finds VMs that the first one shut down.
    pub(crate) power_on: bool,
    pub(crate) ip: Option<&'a IpSpec>,
    pub(crate) before: &'a [HookStep],
    pub(crate) after_hooks: &'a [HookStep],
    /// The rule whose `after` holds.
    pub(crate) after: Option<u32>,
}

impl<'a> Settings<'a> {
    fn of_plan(spec: &'a PlanSpec) -> Settings<'a> {
        let defaults = &spec.defaults;
        Settings {
            priority: defaults.priority.unwrap_or(PRIORITY).clamp(1, 5),
            shutdown: defaults.shutdown.as_ref().unwrap_or(&SHUTDOWN),
            startup: defaults.startup.as_ref().unwrap_or(&STARTUP),
            prefer: defaults.mobility.as_ref().map_or(PREFERRED, |m| &m.prefer),
            power_on: true,
            ip: None,
            before: &[],
            after_hooks: &[],
            after: None,
        }
    }

    /// Whether a live move is wanted more than a restart.
    pub(crate) fn wants_live(&self) -> bool {
        self.prefer.first().is_some_and(|method| method.is_live())
    }

    fn apply(&mut self, ix: u32, rule: &'a VmRule) {
        self.priority = rule.priority.unwrap_or(self.priority).clamp(1, 5);
        self.shutdown = rule.shutdown.as_ref().unwrap_or(self.shutdown);
        self.startup = rule.startup.as_ref().unwrap_or(self.startup);
        self.prefer = rule.mobility.as_ref().map_or(self.prefer, |m| &m.prefer);
        self.power_on = rule.power_on.unwrap_or(self.power_on);
        self.ip = rule.ip.as_ref().or(self.ip);
        if !rule.before_power_on.is_empty() {
            self.before = &rule.before_power_on;
        }
        if !rule.after_power_on.is_empty() {
            self.after_hooks = &rule.after_power_on;
        }
        if !rule.after.is_empty() {
            self.after = Some(ix);
        }
    }
}

/// Resolves settings; the rules' matches are compiled once.
pub(crate) struct Resolver<'a> {
    spec: &'a PlanSpec,
    matcher: Matcher<'a>,
    plain: Settings<'a>,
    hits: Vec<u32>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(spec: &'a PlanSpec, found: &mut Found) -> Resolver<'a> {
        let matcher = Matcher::new(spec.vms.iter().map(|rule| &rule.select), found);
        Resolver { spec, matcher, plain: Settings::of_plan(spec), hits: Vec::new() }
    }

    /// What holds for a VM.
    pub(crate) fn settings(&mut self, vm: &VirtualMachine) -> Settings<'a> {
        let mut settings = self.plain;
        self.matcher.hits(vm, &mut self.hits);
        for &ix in &self.hits {
            settings.apply(ix, &self.spec.vms[ix as usize]);
        }
        settings
    }

    /// The rules that pick a VM, by their place in the plan.
    pub(crate) fn rules(&mut self, vm: &VirtualMachine) -> &[u32] {
        self.matcher.hits(vm, &mut self.hits);
        &self.hits
    }
}
