//! All hosts of all sites by index.

use super::lookup::{Lookup, with_room};
use super::sites::Sites;
use crate::graph::SiteIx;
use crate::id::HostId;
use crate::inventory::{Host, HostState};

/// Place in [`Hosts`].
pub(crate) type HostNo = u32;

/// Hosts, first those of the first site.
#[derive(Debug)]
pub(crate) struct Hosts<'a> {
    list: Vec<(&'a Host, SiteIx)>,
    by_id: Lookup<(SiteIx, &'a HostId), HostNo>,
}

impl<'a> Hosts<'a> {
    pub(crate) fn new(sites: &Sites<'a>) -> Hosts<'a> {
        let list: Vec<(&Host, SiteIx)> = sites
            .all()
            .flat_map(|site| sites.inventory(site).hosts.iter().map(move |host| (host, site)))
            .collect();
        let mut by_id = with_room(list.len());
        by_id.extend((0_u32..).zip(&list).map(|(no, (host, site))| ((*site, &host.id), no)));
        Hosts { list, by_id }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn host(&self, no: HostNo) -> &'a Host {
        self.list[no as usize].0
    }

    pub(crate) fn site(&self, no: HostNo) -> SiteIx {
        self.list[no as usize].1
    }

    pub(crate) fn no(&self, site: SiteIx, id: &HostId) -> Option<HostNo> {
        self.by_id.get(&(site, id)).copied()
    }

    /// Hosts of a site that run, or that can be woken.
    pub(crate) fn usable(&self, site: SiteIx) -> impl Iterator<Item = HostNo> + '_ {
        (0_u32..)
            .zip(&self.list)
            .filter(move |(_, (host, at))| *at == site && host.state != HostState::Down)
            .map(|(no, _)| no)
    }
}
