//! What an agent does for its VMs without being asked: it writes down what they are made of beside their disks,
//! so that it is there at the other site, and gives guests that have started the addresses that they are to
//! have. Neither changes where a VM runs or who writes.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use muster_contract::AdapterError;
use muster_plans::graph::Address;
use muster_plans::id::{VmId, VolumeId};
use muster_plans::inventory::Power;
use uuid::Uuid;

use super::Libvirt;
use crate::domain::{Domain, Source};
use crate::edit::home;
use crate::guest::Guest;
use crate::pool::Found;
use crate::rpc::Told;

/// How often all VMs are looked at, whatever was told.
const ROUND: Duration = Duration::from_secs(20);

/// What is told of one change comes in several parts.
const SETTLE: Duration = Duration::from_millis(300);

impl Libvirt {
    /// Does it until `shutdown` resolves.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        tokio::pin!(shutdown);
        let mut told = self.pool.listen();
        // Guests whose addresses are written since they have started.
        let mut addressed = HashSet::new();
        loop {
            if let Err(error) = self.round(&mut addressed).await {
                tracing::warn!(site.name = %self.site, %error, "not all VMs could be looked at");
            }
            let change = async {
                loop {
                    match told.recv().await {
                        Ok((_, Told::Lifecycle(_))) => return,
                        Ok((_, Told::Ended)) => {}
                        Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => return,
                        Err(_) => return std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                () = &mut shutdown => return,
                () = tokio::time::sleep(ROUND) => {}
                () = change => tokio::time::sleep(SETTLE).await,
            }
        }
    }

    async fn round(&self, addressed: &mut HashSet<(Uuid, i32)>) -> Result<(), AdapterError> {
        let all = self.pool.all().await?;
        for found in &all {
            if let Err(error) = self.attend(found, addressed).await {
                let vm = &found.domain.name;
                tracing::warn!(site.name = %self.site, vm, %error, "a VM could not be attended to");
            }
        }
        Ok(())
    }

    async fn attend(
        &self,
        found: &Found,
        addressed: &mut HashSet<(Uuid, i32)>,
    ) -> Result<(), AdapterError> {
        let (xml, domain) = self.described(found).await?;
        let runs = self.power(found).await? == Power::On;
        if domain.run_tag.is_none() {
            self.keep_home(&xml, &domain, runs).await?;
        }
        if !runs {
            return Ok(());
        }
        // Each start has another number.
        let life = (domain.uuid, found.domain.id);
        let guest = Guest::ask(&found.host, &found.domain).await;
        self.remember(domain.uuid, guest.clone());
        if guest.answers && !addressed.contains(&life) {
            match give(found, &domain.addresses, &guest).await {
                Ok(()) => drop(addressed.insert(life)),
                Err(error) => {
                    let vm = &domain.name;
                    tracing::warn!(vm, %error, "the guest was not given its addresses");
                }
            }
        }
        Ok(())
    }

    /// Writes the home of a VM where it is not what is there. One that does not run may be left of an earlier time,
    /// and writes only where there is none.
    async fn keep_home(&self, xml: &str, domain: &Domain, runs: bool) -> Result<(), AdapterError> {
        let mut volumes: BTreeMap<String, VolumeId> = BTreeMap::new();
        for disk in &domain.disks {
            let Some(place) = disk.source.as_ref().and_then(Source::place) else { continue };
            if let Some(bound) = self.volumes.volume_at(&place).await? {
                volumes.insert(disk.target.clone(), bound.volume);
            }
        }
        let first = domain.disks.iter().find_map(|disk| volumes.get(&disk.target));
        let Some(first) = first else { return Ok(()) };
        let place = self.volumes.home(first, VmId(domain.uuid));
        if !self.volumes.writable(first).await? {
            return Ok(());
        }
        let text = home(xml, &volumes)?;
        let there = self.volumes.read(&place, None).await?;
        if there.as_deref() == Some(text.as_str()) || (there.is_some() && !runs) {
            return Ok(());
        }
        self.volumes.write(&place, &text).await
    }
}

async fn give(
    found: &Found,
    wanted: &BTreeMap<String, Address>,
    guest: &Guest,
) -> Result<(), crate::guest::GuestError> {
    for (mac, address) in wanted {
        if guest.addresses.get(mac) != Some(&address.addresses) {
            guest.address(&found.host, &found.domain, mac, address).await?;
        }
    }
    Ok(())
}
