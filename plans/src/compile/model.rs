//! Everything that is decided before the first step is laid down.

use super::Request;
use super::cards::{Targets, targets};
use super::containers::containers;
use super::found::Found;
use super::hosts::Hosts;
use super::live::{self, Chosen};
use super::members::{self, Member};
use super::order::{self, Order};
use super::placement::{self, Placement};
use super::room;
use super::settings::{Resolver, Settings};
use super::sites::{self, Sites, Way};
use super::storage::{self, Legs, Storage};
use crate::both::both;
use crate::document::PlanSpec;
use crate::finding::Code;
use crate::graph::SiteIx;
use crate::inventory::VirtualMachine;
use crate::mobility::Method;
use crate::run::RunKind;
use crate::time::Span;

/// Decisions about one run, by member.
pub(crate) struct Model<'a> {
    pub(crate) spec: &'a PlanSpec,
    pub(crate) sites: Sites<'a>,
    pub(crate) ways: Vec<Way>,
    pub(crate) members: Vec<Member<'a>>,
    pub(crate) settings: Vec<Settings<'a>>,
    pub(crate) storage: Storage<'a>,
    pub(crate) hosts: Hosts<'a>,
    pub(crate) placement: Placement,
    pub(crate) targets: Targets,
    pub(crate) order: Order,
    pub(crate) room: Vec<(&'a VirtualMachine, SiteIx)>,
    pub(crate) chosen: Vec<Chosen>,
}

/// What is wrong, by the part of the model that found it.
#[derive(Default)]
struct Parts {
    settings: Found,
    storage: Found,
    holdings: Found,
    torn: Found,
    age: Found,
    order: Found,
    room: Found,
    placement: Found,
    targets: Found,
}

impl Parts {
    fn tell(self, found: &mut Found) {
        let Parts { settings, storage, holdings, torn, age, order, room, placement, targets } =
            self;
        for part in [settings, storage, holdings, torn, age, order, room, placement, targets] {
            found.append(part);
        }
    }
}

impl<'a> Model<'a> {
    /// Decides. `None` where so much is wrong that there is nothing to decide about; what is wrong is
    /// in `found` either way.
    pub(crate) fn new(request: &Request<'a>, found: &mut Found) -> Option<Model<'a>> {
        let Some(plan) = request.config.plans.get(request.plan) else {
            found.error(
                Code::DanglingReference,
                format!("there is no plan {}", request.plan),
                "name one of the plans of this configuration",
            );
            return None;
        };
        let spec = &plan.spec;
        let (sites, groups) = sites::ways(request, spec, found);
        let vms = groups.iter().map(|(group, _)| group.members.len()).sum();
        let (members, legs) =
            both(vms, || members::members(request, &sites, &groups, found), || Legs::new(&sites));
        if members.is_empty() {
            return None;
        }
        members::judge_protection(&members, found);
        // Storage on one side, the plan's rules on the other; then hosts, and what the plan would tear
        // apart. Neither of the two asks for the other. Each part collects what is wrong by itself, so
        // that it is told in the same order always.
        let mut of = Parts::default();
        let ((storage, containers), (settings, order, targets)) = both(
            members.len(),
            || {
                let mut storage =
                    storage::collect(request, &sites, legs, &members, &mut of.storage);
                let (holdings, containers) = both(
                    members.len(),
                    || storage.holdings(&members, &mut of.holdings),
                    || containers(&sites, &members, &storage),
                );
                storage.hold(holdings);
                (storage, containers)
            },
            || {
                let mut resolver = Resolver::new(spec, &mut of.settings);
                let settings: Vec<Settings<'_>> =
                    members.iter().map(|member| resolver.settings(member.vm)).collect();
                let order = order::resolve(spec, &members, &settings, &mut of.order);
                let targets = targets(request, spec, &sites, &members, &settings, &mut of.targets);
                (settings, order, targets)
            },
        );
        if request.kind == RunKind::Failover {
            storage::judge_age(spec.objectives.rpo, &storage.groups, &mut of.age);
        }
        let hosts = Hosts::new(&sites);
        let live = request.live && request.kind == RunKind::PlannedMigration;
        let needs_room = request.kind != RunKind::Reprotect;
        let room = match needs_room {
            true => room::room(spec, &sites, &members, &mut of.room),
            false => Vec::new(),
        };
        let (placement, ()) = both(
            members.len(),
            || {
                placement::place(
                    request.kind,
                    containers,
                    &hosts,
                    &members,
                    &settings,
                    &storage,
                    &room,
                    live,
                    &mut of.placement,
                )
            },
            || storage::judge_torn(&sites, &members, &storage, &mut of.torn),
        );
        of.tell(found);
        let chosen = if live {
            live::choose(
                request, &sites, &members, &settings, &storage, &targets, &hosts, &placement, found,
            )
        } else {
            vec![Chosen { method: Method::Restart, takes: Span::ZERO }; members.len()]
        };
        let mut ways: Vec<Way> = members.iter().map(|member| member.way).collect();
        ways.dedup();
        ways.sort_unstable();
        ways.dedup();
        Some(Model {
            spec,
            sites,
            ways,
            members,
            settings,
            storage,
            hosts,
            placement,
            targets,
            order,
            room,
            chosen,
        })
    }
}

impl<'a> Model<'a> {
    /// The plan's rules again, for saying which of them pick a VM.
    pub(crate) fn resolver(&self, found: &mut Found) -> Resolver<'a> {
        Resolver::new(self.spec, found)
    }
}
