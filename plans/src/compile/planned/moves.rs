//! The live part.

use crate::compile::costs::End;
use crate::compile::estimates::millis;
use crate::compile::hosts::HostNo;
use crate::compile::lay::Lay;
use crate::compile::lookup::{Lookup, with_room};
use crate::compile::model::Model;
use crate::compile::recover::Came;
use crate::compile::sites::Sites;
use crate::document::LiveFailure;
use crate::graph::{Action, OnFailure, SiteIx, StepIx, VmIx};
use crate::id::ContainerId;
use crate::inventory::Host;

/// The live part. A VM that cannot move is restarted in the same run, or stops it, as the plan says.
pub(super) fn move_live(
    lay: &mut Lay,
    model: &Model<'_>,
    after: StepIx,
    wakes: &Lookup<HostNo, StepIx>,
) -> Vec<Came> {
    let mut came = vec![Came::Restart; model.members.len()];
    let falls_back = model.spec.live_failure == LiveFailure::Restart;
    let mut begun = false;
    let containers = Containers::new(model);
    for (ix, chosen) in model.chosen.iter().enumerate() {
        if !chosen.method.is_live() {
            continue;
        }
        if !std::mem::replace(&mut begun, true) {
            lay.phase("Move VMs live");
        }
        let from = model.members[ix].way.from;
        let step = lay.step(from, Action::Migrate(VmIx(ix as u32), chosen.method));
        lay.needs(step, after);
        if let Some(wake) = model.placement.host[ix].and_then(|host| wakes.get(&host)) {
            lay.needs(step, *wake);
        }
        let cost = migration_cost(lay, model, &containers, ix);
        let at = lay.at(step);
        at.cost = cost;
        at.estimate_ms = millis(chosen.takes).max(1000);
        came[ix] = if falls_back {
            at.on_failure = OnFailure::Warn;
            Came::Else(step)
        } else {
            Came::Live(step)
        };
    }
    came
}

/// The container of each volume of a site.
type OfVolume<'a> = Lookup<&'a str, &'a ContainerId>;

fn of_volume<'a>(sites: &Sites<'a>, site: SiteIx) -> OfVolume<'a> {
    let volumes = &sites.inventory(site).volumes;
    let mut lookup = with_room(volumes.len());
    lookup.extend(volumes.iter().map(|volume| (volume.id.as_str(), &volume.container)));
    lookup
}

/// The container of each volume at both ends; empty where nothing moves live.
struct Containers<'a>(Vec<OfVolume<'a>>);

impl<'a> Containers<'a> {
    fn new(model: &Model<'a>) -> Containers<'a> {
        let any = model.chosen.iter().any(|chosen| chosen.method.is_live());
        let of_site = |site| if any { of_volume(&model.sites, site) } else { with_room(0) };
        Containers(model.sites.all().map(of_site).collect())
    }
}

fn migration_cost(lay: &mut Lay, model: &Model<'_>, containers: &Containers<'_>, ix: usize) -> u32 {
    let member = &model.members[ix];
    let way = member.way;
    let from = member.vm.host.as_ref().and_then(|id| model.hosts.no(way.from, id));
    let hosts = [(way.from, from), (way.to, model.placement.host[ix])];
    let ends = hosts.into_iter().filter_map(|(site, no)| {
        let Host { id, migration_mbps, .. } = model.hosts.host(no?);
        let of_volume = &containers.0[site.0 as usize];
        let volumes = lay.builder.graph.vms[ix].volumes.iter();
        let mut containers: Vec<&ContainerId> =
            volumes.filter_map(|volume| of_volume.get(volume.as_str()).copied()).collect();
        containers.sort_unstable();
        containers.dedup();
        Some(End { site, host: id, mbps: *migration_mbps, containers })
    });
    let ends: Vec<End<'_>> = ends.collect();
    let (costs, builder) = lay.costs();
    costs.migration(builder, model.chosen[ix].method, &ends)
}
