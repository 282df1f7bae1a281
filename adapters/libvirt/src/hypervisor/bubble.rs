//! Isolated networks of tests: networks of libvirt that lead nowhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_contract::{AdapterError, OpContext, Receipt};
use muster_plans::id::{NetworkName, RunTag};
use muster_plans::inventory::Power;
use roxmltree::Document;
use uuid::Uuid;

use super::Libvirt;
use super::answer::{Stop, already, changed, done, dry};
use crate::domain::NAMESPACE;
use crate::host::Host;
use crate::pool::failed;
use crate::rpc::{
    ListAllNetworks, NetworkCreateXml, NetworkDestroy, NetworkGetXml, NetworkRef, code,
};

impl Libvirt {
    pub(super) async fn make_bubble(
        &self,
        ctx: &OpContext,
        name: &NetworkName,
    ) -> Result<Receipt, Stop> {
        let Some(tag) = ctx.run_tag.clone() else {
            return Err(Stop::not_now("a bubble belongs to a test, which has a tag".to_owned()));
        };
        if self.role(name).is_some() {
            return Err(Stop::not_now(format!("{name} is the name of a network")));
        }
        let mut made = false;
        for slot in &self.pool.slots {
            let host = self.pool.open(slot).await.map_err(|error| after(made, error.into()))?;
            let there = on(&host, name).await.map_err(|error| after(made, error.into()))?;
            match there {
                Some((_, of)) => self
                    .own(ctx, of.as_ref(), &format!("the network {name}"))
                    .map_err(|stop| after(made, stop))?,
                None if ctx.dry_run => {}
                None => {
                    let xml = description(name, &tag);
                    let call = NetworkCreateXml { xml };
                    host.ask(&call).await.map_err(|error| after(made, changed(&error)))?;
                    made = true;
                }
            }
        }
        Ok(dry(ctx).unwrap_or_else(|| if made { done() } else { already() }))
    }

    pub(super) async fn drop_bubble(
        &self,
        ctx: &OpContext,
        name: &NetworkName,
    ) -> Result<Receipt, Stop> {
        if self.role(name).is_some() {
            return Err(Stop::not_now(format!("{name} is a network, not a bubble")));
        }
        let mut there: Vec<(Arc<Host>, NetworkRef)> = Vec::new();
        for slot in &self.pool.slots {
            let host = self.pool.open(slot).await?;
            if let Some((network, of)) = on(&host, name).await? {
                self.own(ctx, of.as_ref(), &format!("the network {name}"))?;
                there.push((host, network));
            }
        }
        if there.is_empty() {
            return Ok(already());
        }
        for found in self.pool.all().await? {
            if self.power(&found).await? == Power::Off {
                continue;
            }
            let Some(domain) = self.concerned(&found, name.as_str()).await? else { continue };
            let mut networks = domain.nics.iter().filter_map(|card| card.network.as_deref());
            if networks.any(|network| network == name.as_str()) {
                let text = format!("{} is connected to the bubble {name}", domain.name);
                return Err(Stop::not_now(text));
            }
        }
        if let Some(receipt) = dry(ctx) {
            return Ok(receipt);
        }
        for (nr, (host, network)) in there.into_iter().enumerate() {
            match host.ask(&NetworkDestroy { network }).await {
                Ok(()) => {}
                Err(error) if error.code() == Some(code::NO_NETWORK) => {}
                Err(error) => return Err(after(nr > 0, changed(&error))),
            }
        }
        Ok(done())
    }

    /// The tag of a bubble; `None`: no host has one of this name.
    pub(super) async fn bubble(&self, name: &NetworkName) -> Result<Option<RunTag>, AdapterError> {
        Ok(self.bubbles().await?.remove(name))
    }

    /// All bubbles of all hosts.
    pub(super) async fn bubbles(&self) -> Result<BTreeMap<NetworkName, RunTag>, AdapterError> {
        let mut all = BTreeMap::new();
        for slot in &self.pool.slots {
            let host = self.pool.open(slot).await?;
            for (network, tag) in networks(&host).await? {
                if let Some(tag) = tag {
                    all.insert(NetworkName::from(network.name), tag);
                }
            }
        }
        Ok(all)
    }
}

fn after(made: bool, stop: Stop) -> Stop {
    if made { stop.unsure() } else { stop }
}

/// No address of the host and no way out: what is sent stays among those that are connected. The bridge's name
/// has at most 15 characters.
fn description(name: &NetworkName, tag: &RunTag) -> String {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_str().as_bytes());
    let short = &id.simple().to_string()[..10];
    let (name, tag) = (escaped(name.as_str()), escaped(tag.as_str()));
    format!(
        "<network><name>{name}</name><uuid>{id}</uuid>\
         <metadata><muster:bubble xmlns:muster='{NAMESPACE}' run-tag='{tag}'/></metadata>\
         <bridge name='mbub{short}' stp='off' delay='0'/></network>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;").replace('"', "&quot;")
}

/// A network of one host and the test that made it.
async fn on(
    host: &Host,
    name: &NetworkName,
) -> Result<Option<(NetworkRef, Option<RunTag>)>, AdapterError> {
    let all = networks(host).await?;
    Ok(all.into_iter().find(|(network, _)| network.name == name.as_str()))
}

async fn networks(host: &Host) -> Result<Vec<(NetworkRef, Option<RunTag>)>, AdapterError> {
    let call = ListAllNetworks { need_results: 1, flags: 0 };
    let listed = host.ask(&call).await.map_err(|error| failed(&error))?;
    let mut all = Vec::with_capacity(listed.networks.len());
    for network in listed.networks {
        let call = NetworkGetXml { network: network.clone(), flags: 0 };
        match host.ask(&call).await {
            Ok(text) => all.push((network, tag(&text.text))),
            // It has gone meanwhile.
            Err(error) if error.code() == Some(code::NO_NETWORK) => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(all)
}

fn tag(xml: &str) -> Option<RunTag> {
    let document = Document::parse(xml).ok()?;
    let bubble = document.descendants().find(|node| node.has_tag_name((NAMESPACE, "bubble")))?;
    bubble.attribute("run-tag").map(RunTag::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bubble_leads_nowhere_and_says_whose_it_is() {
        let xml = description(&"muster-test <a&b>".into(), &"tag'1".into());
        assert_eq!(tag(&xml), Some(RunTag::from("tag'1")));
        let document = Document::parse(&xml).unwrap();
        let of = |name: &str| document.descendants().find(|node| node.has_tag_name(name));
        assert_eq!(of("name").unwrap().text(), Some("muster-test <a&b>"));
        assert!(of("bridge").unwrap().attribute("name").unwrap().len() <= 15);
        // What would lead out of it.
        assert!(of("forward").is_none() && of("ip").is_none() && of("route").is_none());
        assert_eq!(tag("<network><name>prod</name></network>"), None);
    }
}
