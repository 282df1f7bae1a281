//! What an agent does for its VMs without being asked: it writes down what they are made of beside their disks,
//! so that it is there at the other site, and gives guests that have started the addresses that they are to
//! have. Neither changes where a VM runs or who writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use muster_contract::AdapterError;
use muster_plans::graph::Address;
use muster_plans::id::{VmId, VolumeId};
use muster_plans::inventory::Power;
use tokio::time::Instant;
use uuid::Uuid;

use super::Libvirt;
use super::addressing::Addressing;
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
        loop {
            if let Err(error) = self.round().await {
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

    /// A host that does not answer keeps nothing from the VMs of the others.
    async fn round(&self) -> Result<(), AdapterError> {
        let (all, silent) = self.pool.each().await;
        for found in &all {
            if let Err(error) = self.attend(found).await {
                let vm = &found.domain.name;
                tracing::warn!(site.name = %self.site, vm, %error, "a VM could not be attended to");
            }
        }
        silent.map_or(Ok(()), Err)
    }

    async fn attend(&self, found: &Found) -> Result<(), AdapterError> {
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
        let wanted = &domain.addresses;
        if guest.answers && self.addressing().is_due(life, wanted, Instant::now()) {
            match give(found, wanted, &guest).await {
                Ok(()) => self.addressing().done(life),
                Err(error) => {
                    let vm = &domain.name;
                    tracing::warn!(vm, %error, "the guest was not given its addresses");
                    self.addressing().failed(life, wanted, error.to_string(), Instant::now());
                }
            }
        }
        Ok(())
    }

    fn addressing(&self) -> MutexGuard<'_, Addressing> {
        self.addressing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a guest has not got its addresses.
    pub(super) fn unaddressed(&self, life: (Uuid, i32)) -> Option<String> {
        self.addressing().why(life)
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
        if !has(guest, mac, address) {
            guest.address(&found.host, &found.domain, mac, address).await?;
        }
    }
    Ok(())
}

/// Whether a card has what it is to have; a guest names them in an order of its own.
fn has(guest: &Guest, mac: &str, wanted: &Address) -> bool {
    let wanted: BTreeSet<_> = wanted.addresses.iter().collect();
    guest.addresses.get(mac).is_some_and(|own| own.iter().collect::<BTreeSet<_>>() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_addresses_means_nothing() {
        let nets = |texts: &[&str]| texts.iter().map(|net| net.parse().unwrap()).collect();
        let guest = Guest {
            addresses: BTreeMap::from([("m".to_owned(), nets(&["fd00::11/64", "10.0.0.11/24"]))]),
            ..Guest::default()
        };
        let wanted = |texts: &[&str]| Address { addresses: nets(texts), ..Address::default() };
        assert!(has(&guest, "m", &wanted(&["10.0.0.11/24", "fd00::11/64"])));
        assert!(!has(&guest, "m", &wanted(&["10.0.0.11/24"])));
        assert!(!has(&guest, "m", &wanted(&["10.0.0.11/16", "fd00::11/64"])));
        assert!(!has(&guest, "other", &wanted(&[])));
    }
}
