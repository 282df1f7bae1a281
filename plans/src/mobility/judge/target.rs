//! Whether a host at the target can take the VM.

use super::Case;
use crate::id::ContainerId;
use crate::inventory::{Host, HostState};
use crate::mobility::facts::HostClass;
use crate::mobility::{Method, RuleId};

/// What the target host must see.
enum Needs<'c> {
    /// All of these containers.
    All(Vec<&'c ContainerId>),
    /// One container with this much free, in GiB.
    Room(u64),
}

impl<'p, 'a> Case<'p, 'a> {
    /// The kind of host that can take the VM. The first thing that rules out all hosts is said.
    pub(super) fn target(&mut self) -> Option<&'p HostClass<'a>> {
        let own = self.facts.host_of(self.vm);
        if self.method.is_live() && own.is_none() {
            let text = format!("its host at {} is not known", self.facts.from_site.site);
            self.fact(RuleId::HostKnown, text);
        }
        if self.method == Method::StorageVMotion {
            self.same_host(own?);
            return None;
        }
        let mut left: Vec<&'p HostClass<'a>> = self.facts.targets.iter().collect();
        left = self.keep(left, RuleId::HostUp, |case, class| {
            let usable = class.state == HostState::Up || !case.method.is_live();
            usable && case.roomiest(class).is_some()
        });
        left = self.managed(left);
        if self.method.is_live() {
            left = self.keep(left, RuleId::CpuFamily, |case, class| {
                class.cpu_family == &*case.vm.cpu_family
            });
        }
        left = self.keep(left, RuleId::Memory, |case, class| {
            let needed = u64::from(case.vm.memory_mib);
            class.state == HostState::Standby || case.roomiest(class) >= Some(needed)
        });
        let needs = self.needs();
        let rule = match needs {
            Needs::All(_) => RuleId::SharedStorage,
            Needs::Room(_) => RuleId::Space,
        };
        left = self.keep(left, rule, |case, class| match &needs {
            Needs::All(containers) => containers.iter().all(|c| class.containers.contains(c)),
            Needs::Room(gib) => case.room(class) >= *gib,
        });
        left.into_iter().max_by_key(|class| class.migration_mbps)
    }

    /// Filters hosts; where none of some is left, says so.
    fn keep(
        &mut self,
        hosts: Vec<&'p HostClass<'a>>,
        rule: RuleId,
        fits: impl Fn(&Self, &HostClass<'a>) -> bool,
    ) -> Vec<&'p HostClass<'a>> {
        let before = hosts.clone();
        let left: Vec<_> = hosts.into_iter().filter(|class| fits(self, class)).collect();
        // Hosts at HostUp are the start: there, none before is a reason too.
        if left.is_empty() && (rule == RuleId::HostUp || !before.is_empty()) {
            self.none_left(rule, &before);
        }
        left
    }

    fn none_left(&mut self, rule: RuleId, before: &[&HostClass<'a>]) {
        let to = &self.facts.to_site.site;
        match rule {
            RuleId::CpuFamily => {
                let mut families: Vec<&str> = before.iter().map(|c| c.cpu_family).collect();
                families.sort_unstable();
                families.dedup();
                let text = format!(
                    "the VM runs on {}, hosts at {to} are {}",
                    self.vm.cpu_family,
                    families.join(", ")
                );
                self.fact(rule, text);
            }
            RuleId::Memory => {
                let most = before.iter().filter_map(|class| self.roomiest(class)).max();
                let needed = f64::from(self.vm.memory_mib);
                self.number(rule, needed, most.unwrap_or_default() as f64);
            }
            RuleId::Space => {
                let most = before.iter().map(|class| self.room(class)).max().unwrap_or_default();
                let needed = self.disks_gib();
                self.number(rule, needed as f64, most as f64);
            }
            RuleId::SharedStorage => {
                self.fact(
                    rule,
                    format!("no host at {to} that would fit sees all of the VM's storage"),
                );
            }
            _ => self.fact(rule, format!("no other host at {to} is up")),
        }
    }

    /// Hosts under the manager that the method needs.
    fn managed(&mut self, hosts: Vec<&'p HostClass<'a>>) -> Vec<&'p HostClass<'a>> {
        let wants_same = match self.method {
            Method::VMotion | Method::XvMotion => true,
            Method::CrossManager => false,
            _ => return hosts,
        };
        let own = self.facts.manager_of(self.vm);
        let before = hosts.len();
        let left: Vec<_> = hosts
            .into_iter()
            .filter(|class| (own.is_some() && class.manager == own) == wants_same)
            .collect();
        if left.is_empty() && before > 0 {
            let to = &self.facts.to_site.site;
            let own = own.map_or("no manager", |manager| manager.as_str());
            let (rule, text) = if wants_same {
                (RuleId::SameManager, format!("no host at {to} is under {own}"))
            } else {
                (RuleId::OtherManager, format!("all hosts at {to} are under {own} too"))
            };
            self.fact(rule, text);
        }
        left
    }

    fn needs(&self) -> Needs<'a>
    where
        'p: 'a,
    {
        let facts = self.facts;
        let bound = self.vm.objects.iter().filter(|object| object.kind.is_bound());
        if self.method.copies_disks() {
            return Needs::Room(self.disks_gib());
        }
        let mut containers: Vec<&ContainerId> = bound
            .map(|object| match facts.to.volumes.get(&object.volume) {
                Some(leg) if self.method != Method::VMotion => &leg.container,
                _ => &object.container,
            })
            .collect();
        containers.sort_unstable();
        containers.dedup();
        Needs::All(containers)
    }

    /// Free memory of the roomiest host of a kind that is not the VM's own.
    fn roomiest(&self, class: &HostClass<'a>) -> Option<u64> {
        let own = if self.facts.between_sites() { None } else { self.vm.host.as_ref() };
        class.roomiest.iter().find(|(_, host)| Some(*host) != own).map(|(free, _)| *free)
    }

    /// Free space of the roomiest container that hosts of a kind see, in GiB.
    fn room(&self, class: &HostClass<'a>) -> u64 {
        let seen = class.containers.iter().filter_map(|c| self.facts.to.containers.get(c));
        seen.map(|container| container.free_gib).max().unwrap_or_default()
    }

    /// Size of home and disks, in GiB, rounded up.
    fn disks_gib(&self) -> u64 {
        self.disks_mib().div_ceil(1024)
    }

    /// Storage vMotion: the VM's host must see another container with room.
    fn same_host(&mut self, own: &Host) {
        if self.facts.between_sites() {
            return;
        }
        let used: Vec<&ContainerId> = self.vm.objects.iter().map(|o| &o.container).collect();
        let others = own.containers.iter().filter(|c| !used.contains(c));
        let room = others.filter_map(|c| self.facts.to.containers.get(c)).map(|c| c.free_gib).max();
        let needed = self.disks_gib();
        match room {
            None => self.fact(RuleId::SharedStorage, "its host sees no other container"),
            Some(room) if room < needed => self.number(RuleId::Space, needed as f64, room as f64),
            Some(_) => {}
        }
    }
}
