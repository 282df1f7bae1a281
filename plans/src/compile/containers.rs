//! Which containers the plan's volumes lie in at the sites where VMs are recovered.

use super::lookup::{Lookup, with_room};
use super::members::Member;
use super::sites::Sites;
use super::storage::Storage;
use crate::graph::SiteIx;
use crate::id::ContainerId;

/// The containers of the plan's volumes, for the sites where VMs are recovered.
pub(crate) fn containers<'a>(
    sites: &Sites<'a>,
    members: &[Member<'a>],
    storage: &Storage<'a>,
) -> Vec<Containers<'a>> {
    let is_target = |site| members.iter().any(|member| member.way.to == site);
    let of_site = |site| match is_target(site) {
        true => Containers::new(sites, site, storage),
        false => Containers::default(),
    };
    sites.all().map(of_site).collect()
}

/// Place in [`Containers::ids`].
pub(crate) type ContainerNo = u32;

/// Where the plan's volumes lie at one site.
#[derive(Default)]
pub(crate) struct Containers<'a> {
    pub(crate) ids: Vec<&'a ContainerId>,
    /// By number of the volume; `None`: the site does not report it.
    pub(crate) of_volume: Vec<Option<ContainerNo>>,
}

impl<'a> Containers<'a> {
    fn new(sites: &Sites<'a>, site: SiteIx, storage: &Storage<'a>) -> Containers<'a> {
        let mut ids: Vec<&ContainerId> = Vec::new();
        let mut places: Lookup<&str, ContainerNo> = with_room(16);
        let mut of_volume = vec![None; storage.volumes()];
        for volume in &sites.inventory(site).volumes {
            let Some(no) = storage.number(&volume.id) else { continue };
            let place = places.entry(volume.container.as_str()).or_insert_with(|| {
                ids.push(&volume.container);
                (ids.len() - 1) as ContainerNo
            });
            of_volume[no as usize] = Some(*place);
        }
        Containers { ids, of_volume }
    }
}
