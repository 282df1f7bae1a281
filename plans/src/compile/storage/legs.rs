//! The legs of consistency groups at all sites of a run.

use crate::compile::lookup::{Lookup, with_room};
use crate::compile::sites::Sites;
use crate::graph::SiteIx;
use crate::id::ConsistencyGroupId;
use crate::inventory::ConsistencyGroup;

/// The legs of all sites: each id is looked up once for all of them.
pub(crate) struct Legs<'a> {
    places: Lookup<&'a str, u32>,
    /// By site, and then by place.
    of_site: Vec<Vec<Option<&'a ConsistencyGroup>>>,
    /// By place, whether it is in the plan already.
    known: Vec<bool>,
}

impl<'a> Legs<'a> {
    pub(crate) fn new(sites: &Sites<'a>) -> Legs<'a> {
        let groups = |site| &sites.inventory(site).groups;
        let most = sites.all().map(|site| groups(site).len()).max().unwrap_or_default();
        let mut places = with_room(most);
        let mut ids: Vec<&str> = Vec::with_capacity(most);
        let mut of_site = Vec::with_capacity(sites.names.len());
        for site in sites.all() {
            let mut legs = vec![None; most];
            for (ix, leg) in groups(site).iter().enumerate() {
                // Sites mostly list the same groups in the same order.
                let place = if ids.get(ix) == Some(&leg.id.as_str()) {
                    ix
                } else {
                    let next = ids.len() as u32;
                    *places.entry(leg.id.as_str()).or_insert_with(|| {
                        ids.push(leg.id.as_str());
                        next
                    }) as usize
                };
                legs.resize(legs.len().max(place + 1), None);
                legs[place] = Some(leg);
            }
            of_site.push(legs);
        }
        let known = vec![false; places.len()];
        Legs { places, of_site, known }
    }

    /// The place of a group; `None`: no site reports a leg.
    pub(super) fn place(&self, id: &ConsistencyGroupId) -> Option<u32> {
        self.places.get(id.as_str()).copied()
    }

    /// Whether the plan has the group already.
    pub(super) fn is_known(&self, place: u32) -> bool {
        self.known[place as usize]
    }

    /// The plan has the group from now on.
    pub(super) fn know(&mut self, place: u32) {
        self.known[place as usize] = true;
    }

    /// The leg at a site.
    pub(super) fn at(&self, site: SiteIx, place: u32) -> Option<&'a ConsistencyGroup> {
        self.of_site[site.0 as usize].get(place as usize).copied().flatten()
    }
}
