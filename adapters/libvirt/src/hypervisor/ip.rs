//! Gives guests other addresses. They are noted with the VM, and its agent writes them into the guest each time
//! that it has started ([`super::keeper`]).

use std::collections::BTreeMap;

use muster_contract::{Instance, OpContext, Receipt};
use muster_plans::graph::Address;

use super::Libvirt;
use super::answer::{Stop, already, changed, done, dry};
use crate::edit::addresses;
use crate::rpc::DefineXml;

impl Libvirt {
    pub(super) async fn customize(
        &self,
        ctx: &OpContext,
        instance: &Instance,
        wanted: &[Option<Address>],
    ) -> Result<Receipt, Stop> {
        self.own_instance(ctx, instance)?;
        let there = self.registered(instance).await?;
        let (xml, domain) = self.described(&there).await?;
        if wanted.len() > domain.nics.len() {
            let (have, want) = (domain.nics.len(), wanted.len());
            let text = format!("it has {have} network cards, and addresses for {want} are given");
            return Err(Stop::not_now(text));
        }
        let named =
            domain.nics.iter().zip(wanted).filter_map(|(card, address)| {
                Some((card.mac.to_ascii_lowercase(), address.clone()?))
            });
        let wanted: BTreeMap<String, Address> = named.collect();
        if wanted.iter().all(|(mac, address)| domain.addresses.get(mac) == Some(address)) {
            return Ok(already());
        }
        let xml = addresses(&xml, &wanted)?;
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        let call = DefineXml { xml, flags: 0 };
        there.host.ask(&call).await.map_err(|error| changed(&error))?;
        Ok(done())
    }
}
