//! Connects network cards.

use muster_contract::{
    AdapterError, ErrorClass, Instance, NicSpec, OpContext, Receipt, TestNicSpec,
};
use muster_plans::id::{NetworkName, RunTag, VmId};
use muster_plans::inventory::{NetworkRole, Power};

use super::Libvirt;
use super::answer::{Stop, already, changed, done, dry};
use crate::domain::Domain;
use crate::edit::{Wire, connect};
use crate::rpc::{DefineXml, UpdateDevice};

/// As it runs and as it will be started.
const BOTH: u32 = 1 | 2;

impl Libvirt {
    pub(super) async fn connect(
        &self,
        ctx: &OpContext,
        vm: VmId,
        nics: &[NicSpec],
    ) -> Result<Receipt, Stop> {
        for nic in nics {
            match self.role(&nic.network) {
                Some(NetworkRole::Production) => {}
                Some(_) => {
                    let text = format!("the network {} is not for production", nic.network);
                    return Err(Stop::not_now(text));
                }
                None => return Err(unknown(&nic.network).into()),
            }
        }
        let wires: Vec<Wire<'_>> =
            nics.iter().map(|nic| Wire { mac: &nic.mac, network: &nic.network }).collect();
        self.plug(ctx, &Instance::Production(vm), &wires).await
    }

    pub(super) async fn connect_test(
        &self,
        ctx: &OpContext,
        vm: VmId,
        tag: &RunTag,
        nics: &[TestNicSpec],
    ) -> Result<Receipt, Stop> {
        self.own(ctx, Some(tag), "the test copy")?;
        for nic in nics {
            let bubble = self.bubble(&nic.network).await?;
            match (bubble, self.role(&nic.network)) {
                (Some(of), _) if of == *tag => {}
                (None, Some(NetworkRole::Test)) => {}
                (None, None) => return Err(unknown(&nic.network).into()),
                _ => {
                    let text =
                        format!("the network {} is neither for tests nor of {tag}", nic.network);
                    return Err(Stop::not_now(text));
                }
            }
        }
        let wires: Vec<Wire<'_>> =
            nics.iter().map(|nic| Wire { mac: &nic.mac, network: &nic.network }).collect();
        self.plug(ctx, &Instance::Test(vm, tag.clone()), &wires).await
    }

    async fn plug(
        &self,
        ctx: &OpContext,
        instance: &Instance,
        wires: &[Wire<'_>],
    ) -> Result<Receipt, Stop> {
        let there = self.registered(instance).await?;
        let (xml, domain) = self.described(&there).await?;
        if wires.iter().all(|wire| is_connected(&domain, wire)) {
            return Ok(already());
        }
        let (whole, cards) = connect(&xml, wires)?;
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        if self.power(&there).await? == Power::On {
            for xml in cards {
                let call = UpdateDevice { domain: there.domain.clone(), xml, flags: BOTH };
                there.host.ask(&call).await.map_err(|error| changed(&error).unsure())?;
            }
        } else {
            let call = DefineXml { xml: whole, flags: 0 };
            there.host.ask(&call).await.map_err(|error| changed(&error))?;
        }
        Ok(done())
    }

    pub(super) fn role(&self, name: &NetworkName) -> Option<NetworkRole> {
        self.config.networks.iter().find(|network| network.name == *name).map(|n| n.role)
    }
}

fn unknown(name: &NetworkName) -> AdapterError {
    let text = format!("the network {name} is not among those that the agent was told of");
    AdapterError::new(ErrorClass::NotFound, text)
}

fn is_connected(domain: &Domain, wire: &Wire<'_>) -> bool {
    let card = domain.nics.iter().find(|card| card.mac.eq_ignore_ascii_case(wire.mac));
    card.is_some_and(|card| card.up && card.network.as_deref() == Some(wire.network.as_str()))
}
