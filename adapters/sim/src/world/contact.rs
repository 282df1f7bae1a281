//! Who sees whom.

use muster_plans::id::SiteName;
use muster_plans::inventory as inv;
use muster_plans::time::{Span, Time};

use super::{Event, Facts, Group, Pair, Seen, World};

impl World {
    /// Whether a site's array works and has power.
    pub(crate) fn serves(&self, site: &SiteName) -> bool {
        self.sites.get(site).is_some_and(super::Site::serves)
    }

    pub(crate) fn pair(&self, one: &SiteName, other: &SiteName) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.joins(one, other))
    }

    /// Whether two sites' arrays see each other.
    pub(crate) fn contact(&self, one: &SiteName, other: &SiteName) -> bool {
        self.serves(one) && self.serves(other) && self.pair(one, other).is_some_and(Pair::whole)
    }

    /// Whether a site and the witness see each other.
    pub(crate) fn sees_witness(&self, site: &SiteName) -> bool {
        self.serves(site)
            && self.witness.as_ref().is_some_and(|witness| {
                witness.up && witness.seen.get(site).is_some_and(Seen::whole)
            })
    }

    /// Whether the witness hears a site, though the site may not hear the witness.
    fn heard_by_witness(&self, site: &SiteName) -> bool {
        self.serves(site)
            && self.witness.as_ref().is_some_and(|witness| {
                witness.up && witness.seen.get(site).is_some_and(Seen::heard_directly)
            })
    }

    /// Whether the witness hears of a site, directly or through a site that both see.
    fn heard(&self, site: &SiteName) -> bool {
        self.heard_by_witness(site)
            || self.sites.keys().any(|via| self.contact(site, via) && self.heard_by_witness(via))
    }

    /// Whether no witness has a say between two sites.
    pub(crate) fn static_rule(&self, one: &SiteName, other: &SiteName) -> bool {
        self.witness.is_none() || self.pair(one, other).is_some_and(|pair| pair.static_rule)
    }

    pub(crate) fn facts(&self, group: &Group) -> Facts {
        let [a, b] = group.legs.each_ref().map(|leg| &leg.site);
        Facts {
            up: [self.serves(a), self.serves(b)],
            fenced: [self.fenced(a, b), self.fenced(b, a)],
            contact: self.contact(a, b),
            seen: [self.sees_witness(a), self.sees_witness(b)],
            static_rule: self.static_rule(a, b),
        }
    }

    /// Brings the witness's memory up to date with who sees whom now.
    pub(super) fn update_witness(&mut self) {
        let now = self.now;
        let heard: Vec<bool> = self.sites.keys().map(|site| self.heard(site)).collect();
        let Some(witness) = &mut self.witness else { return };
        for (seen, heard) in witness.seen.values_mut().zip(heard) {
            if seen.heard || heard {
                seen.last = now;
            }
            seen.heard = heard;
        }
    }

    /// Notices agreements that the witness is gone, and sites that are alone from now on.
    pub(super) fn update_pairs(&mut self) {
        let ttl = self.settings.lease_ttl;
        for nr in 0..self.pairs.len() {
            let ends = [self.pairs[nr].a.clone(), self.pairs[nr].b.clone()];
            let contact = self.contact(&ends[0], &ends[1]);
            let seen = ends.each_ref().map(|site| self.sees_witness(site));
            let now = self.now;
            let apart = &mut self.pairs[nr].apart;
            *apart = if contact { None } else { Some(apart.unwrap_or(now)) };
            if contact {
                self.pairs[nr].static_rule = !seen[0] && !seen[1];
            }
            let rule = self.static_rule(&ends[0], &ends[1]);
            for (end, site) in ends.iter().enumerate() {
                let alone = self.serves(site) && !contact && !seen[end] && !rule;
                let since = self.pairs[nr].isolated[end];
                if alone && since.is_none() {
                    self.pairs[nr].isolated[end] = Some(self.now);
                    let (site, peer) = (site.clone(), ends[1 - end].clone());
                    let event = Event::SelfFence { site, peer, since: self.now };
                    self.queue.plan(self.now + ttl, event);
                } else if !alone {
                    self.pairs[nr].isolated[end] = None;
                }
            }
        }
    }

    /// Whether a disk lock that is held at one site is known at the other one: as long as they see
    /// each other, and then until it has run out for want of renewal.
    pub(crate) fn lock_holds(&self, here: &SiteName, holder: &SiteName) -> bool {
        let patience = self.settings.lease_ttl + self.settings.lease_ttl;
        let pair = self.pair(here, holder);
        pair.is_some_and(|p| p.apart.is_none_or(|since| self.now.since(since) <= patience))
    }

    /// Since when a site has seen neither its peer nor the witness.
    pub(super) fn isolated_since(&self, site: &SiteName, peer: &SiteName) -> Option<Time> {
        let pair = self.pair(site, peer)?;
        if &pair.a == site { pair.isolated[0] } else { pair.isolated[1] }
    }

    /// How long it takes to send what a group changed in a span of time.
    pub(crate) fn transfer(&self, group: &Group, behind: Span) -> Span {
        let mib = behind.as_secs_f64() * self.settings.change_mib_s * group.vms.len() as f64;
        let [a, b] = group.legs.each_ref().map(|leg| &leg.site);
        let span = self.pair(a, b).map_or(Span::ZERO, |pair| pair.transfer(mib));
        self.settings.scaled(span.min(Span::mins(60)))
    }
}

impl World {
    /// Directions in which nothing arrives, because the line or that direction of it is cut.
    pub(crate) fn dead_ways(&self) -> Vec<(String, String)> {
        let pairs = self.pairs.iter().map(|p| (p.a.to_string(), p.b.to_string(), p.up, p.mute));
        let witness = self.witness.iter().flat_map(|witness| {
            let seen = witness.seen.iter();
            seen.map(|(site, s)| (site.to_string(), witness.name.to_string(), s.line, s.mute))
        });
        let both = pairs.chain(witness).flat_map(|(a, b, up, mute)| {
            [((a.clone(), b.clone()), !up || mute[0]), ((b, a), !up || mute[1])]
        });
        both.filter(|(_, dead)| *dead).map(|(way, _)| way).collect()
    }

    /// Links and witnesses as one site measures them.
    pub(crate) fn surroundings(&self, site: &SiteName) -> (Vec<inv::Link>, Vec<inv::Witness>) {
        let measured_at = self.shown(site, self.now);
        let own = self.pairs.iter().filter(|pair| &pair.a == site || &pair.b == site);
        let link = |pair: &Pair| inv::Link {
            a: pair.a.clone(),
            b: pair.b.clone(),
            rtt_ms: pair.rtt_ms,
            bandwidth_mbps: pair.bandwidth_mbps,
            loss: pair.loss,
            up: self.contact(&pair.a, &pair.b),
            measured_at,
        };
        let witness = self.witness.as_ref().map(|witness| inv::Witness {
            name: witness.name.clone(),
            sites: witness.seen.keys().cloned().collect(),
            up: self.sees_witness(site),
        });
        (own.map(link).collect(), witness.into_iter().collect())
    }
}
