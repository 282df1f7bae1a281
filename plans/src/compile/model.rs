//! Everything that is decided before the first step is laid down.

use super::Request;
use super::cards::{Targets, targets};
use super::found::Found;
use super::hosts::Hosts;
use super::live::{self, Chosen};
use super::members::{self, Member};
use super::order::{self, Order};
use super::placement::{self, Placement};
use super::room;
use super::settings::{Resolver, Settings};
use super::sites::{self, Sites, Way};
use super::storage::{self, Storage};
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
        let members = members::members(request, &sites, &groups, found);
        if members.is_empty() {
            return None;
        }
        members::judge_protection(&members, found);
        let mut resolver = Resolver::new(spec, found);
        let settings: Vec<Settings<'_>> =
            members.iter().map(|member| resolver.settings(member.vm)).collect();
        let storage = storage::collect(request, &sites, &members, found);
        if request.kind == RunKind::Failover {
            storage::judge_age(spec.objectives.rpo, &storage.groups, found);
        }
        let order = order::resolve(spec, &members, &settings, found);
        let hosts = Hosts::new(&sites);
        let live = request.live && request.kind == RunKind::PlannedMigration;
        let needs_room = request.kind != RunKind::Reprotect;
        let room = if needs_room { room::room(spec, &sites, &members, found) } else { Vec::new() };
        let placement = placement::place(
            request.kind,
            &sites,
            &hosts,
            &members,
            &settings,
            &storage,
            &room,
            live,
            found,
        );
        let targets = targets(request, spec, &sites, &members, &settings, found);
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
