//! Looks at a stretched cluster.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use muster_contract::WitnessState;
use muster_plans::id::{ConsistencyGroupId, SiteName};
use muster_plans::inventory::Witness;

use crate::decide::stretch::{Cluster, Sight};
use crate::decide::witness::{Mons, witness};
use crate::error::{Error, Stop, changing};
use crate::said::json;
use crate::state::Shared;
use crate::store::Ceph;

fn key(group: &ConsistencyGroupId) -> String {
    format!("muster/stretched/{group}")
}

impl Ceph {
    /// What the cluster is able to do. Whoever has no quorum gets no answer.
    pub(crate) async fn cluster(&self) -> Result<Cluster, Error> {
        let cli = &self.cli;
        let (quorum, dump, status, list) =
            tokio::try_join!(cli.quorum(), cli.osd_dump(), cli.status(), cli.blocklist())?;
        let now = self.now();
        let seen = |site| {
            let mons: BTreeSet<String> = self.config.mons.get(site).cloned().unwrap_or_default();
            !mons.is_disjoint(&quorum.quorum_names)
        };
        let fenced = |site: &SiteName| {
            let nets = self.config.clients_of(site);
            nets.iter().any(|net| list.touches(net, now))
        };
        let stretch = dump.stretch_mode;
        let whole = stretch.stretch_mode_enabled && !stretch.degraded && !stretch.recovering;
        Ok(Cluster {
            serves: seen(&self.site) && status.active(),
            contact: seen(&self.site) && seen(&self.config.peer) && whole,
            clean: status.clean(),
            own_fenced: fenced(&self.site),
            peer_fenced: fenced(&self.config.peer),
        })
    }

    pub(crate) async fn stretch(&self, group: &ConsistencyGroupId) -> Result<Sight, Stop> {
        let cluster = self.cluster().await?;
        Ok(self.stretch_in(group, cluster).await?)
    }

    pub(crate) async fn stretch_in(
        &self,
        group: &ConsistencyGroupId,
        cluster: Cluster,
    ) -> Result<Sight, Error> {
        Ok(Sight {
            group: group.clone(),
            site: self.site.clone(),
            peer: self.config.peer.clone(),
            shared: self.shared(group).await?,
            cluster,
        })
    }

    async fn shared(&self, group: &ConsistencyGroupId) -> Result<Shared, Error> {
        let preferred = self.config.preferred.as_ref().unwrap_or(&self.site);
        match self.cli.record(&key(group)).await? {
            Some(text) => json("ceph config-key get", &text),
            None => Ok(Shared::first(preferred, [&self.site, &self.config.peer])),
        }
    }

    /// Leaves a record, unless the other site left one meanwhile. The monitors compare nothing, so that of two
    /// that are left in the same instant the later one holds; it is read back, and who finds the other's does
    /// not say that it is done.
    pub(crate) async fn leave(&self, sight: &Sight, next: &Shared) -> Result<(), Stop> {
        if self.shared(&sight.group).await? != sight.shared {
            return Err(crate::error::later("the other site changed the group meanwhile").into());
        }
        let damaged = |cause| Error::Damaged { what: key(&sight.group), cause };
        let text = serde_json::to_string(next).map_err(damaged)?;
        let set = self.cli.set_record(&key(&sight.group), &text).await;
        set.map_err(changing(false))?;
        let found = self.shared(&sight.group).await.map_err(Stop::unknown)?;
        match found == *next {
            true => Ok(()),
            false => Err(Stop::unknown("the other site changed the group at the same time")),
        }
    }

    /// The tiebreaker, as the inventory lists it. Where no quorum answers, it is not to be reached.
    pub(crate) async fn tiebreaker(&self) -> Vec<Witness> {
        let Some(config) = self.config.witness.as_ref().filter(|_| self.config.is_stretched())
        else {
            return Vec::new();
        };
        let quorum = self.cli.quorum().await;
        let up = quorum.is_ok_and(|quorum| quorum.quorum_names.contains(&config.mon));
        let sites = vec![self.site.clone(), self.config.peer.clone()];
        vec![Witness { name: config.name.clone(), sites, up }]
    }

    /// What the tiebreaker says of the other site.
    pub(crate) async fn witness_state(&self, site: &SiteName) -> Result<WitnessState, Error> {
        let none = WitnessState { witness: None, sight: None, last_seen: None };
        let Some(config) = &self.config.witness else { return Ok(none) };
        let mons = &self.config.mons;
        let (Some(own), Some(peer)) = (mons.get(&self.site), mons.get(site)) else {
            return Ok(none);
        };
        if *site != self.config.peer {
            return Ok(none);
        }
        let mons = Mons { own, peer, tiebreaker: &config.mon };
        let (quorum, dump) = tokio::try_join!(self.cli.quorum(), self.cli.osd_dump())?;
        let mut memory = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        let (sight, next) =
            witness(mons, &quorum, &dump, *memory, self.config.patience(), self.now());
        *memory = next;
        let witness = sight.is_some().then(|| config.name.clone());
        let last_seen = next.last_seen.filter(|_| sight.is_some());
        Ok(WitnessState { witness, sight, last_seen })
    }
}
