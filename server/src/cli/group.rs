//! `muster group` and `muster inventory`.

use clap::{Args, Subcommand};

use super::client::Client;
use super::exit::Exit;
use super::{Format, Server, output};
use crate::api::dto::{GroupDto, MemberDto, SiteDto, UncoveredDto, VmDto};

/// Protection groups.
#[derive(Debug, Args)]
pub(crate) struct Group {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: GroupCommand,
}

#[derive(Debug, Subcommand)]
enum GroupCommand {
    /// List protection groups.
    List,
    /// Show a group: its members with the reason for each, and what is unprotected beside it.
    Show {
        /// The group.
        group: String,
    },
}

impl Group {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        match self.command {
            GroupCommand::List => list(&client).await,
            GroupCommand::Show { group } => show(&client, &group).await,
        }
    }
}

async fn list(client: &Client) -> anyhow::Result<Exit> {
    let groups: Vec<GroupDto> = client.list("/groups").await?;
    if client.format == Format::Json {
        output::json(&groups)?;
        return Ok(Exit::Done);
    }
    output::table(
        &["group", "from", "to", "policies", "protected", "partly", "excluded", "plans"],
        groups.iter().map(|group| {
            vec![
                group.name.clone(),
                group.protected.clone(),
                group.recovery.clone(),
                group.policies.join(", "),
                group.protected_vms.to_string(),
                group.partly.to_string(),
                group.excluded.to_string(),
                group.plans.join(", "),
            ]
        }),
    );
    Ok(Exit::Done)
}

async fn show(client: &Client, name: &str) -> anyhow::Result<Exit> {
    let group: GroupDto = client.get(&format!("/groups/{name}")).await?;
    let members: Vec<MemberDto> = client.list(&format!("/groups/{name}/members")).await?;
    let uncovered: Vec<UncoveredDto> = client.list(&format!("/groups/{name}/coverage")).await?;
    if client.format == Format::Json {
        let all = serde_json::json!({"group": group, "members": members, "uncovered": uncovered});
        output::json(&all)?;
        return Ok(Exit::Done);
    }
    output::line(&format!(
        "{}: {} -> {}, policies {}, generation {}",
        group.name,
        group.protected,
        group.recovery,
        group.policies.join(", "),
        group.generation
    ));
    for torn in &group.torn {
        output::line(&format!("error: {torn}"));
    }
    output::table(
        &["vm", "at", "protection", "why"],
        members.iter().map(|member| {
            vec![
                member.name.clone(),
                member.at.clone(),
                member.protection.clone(),
                member.reasons.join("; "),
            ]
        }),
    );
    if !uncovered.is_empty() {
        output::line(&format!("\nunprotected at {}:", group.protected));
        output::table(
            &["vm", "object", "why"],
            uncovered.iter().map(|item| {
                vec![item.vm.clone(), item.object.clone().unwrap_or_default(), item.why.clone()]
            }),
        );
    }
    Ok(Exit::Done)
}

/// What exists at the sites.
#[derive(Debug, Args)]
pub(crate) struct Inventory {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: InventoryCommand,
}

#[derive(Debug, Subcommand)]
enum InventoryCommand {
    /// List sites and how they are.
    Sites,
    /// List VMs.
    Vms {
        /// Only those at this site.
        #[arg(long)]
        site: Option<String>,
    },
}

impl Inventory {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        match self.command {
            InventoryCommand::Sites => sites(&client).await,
            InventoryCommand::Vms { site } => vms(&client, site.as_deref()).await,
        }
    }
}

async fn sites(client: &Client) -> anyhow::Result<Exit> {
    let sites: Vec<SiteDto> = client.list("/sites").await?;
    if client.format == Format::Json {
        output::json(&sites)?;
        return Ok(Exit::Done);
    }
    output::table(
        &["site", "answers", "hosts up", "vms on", "links"],
        sites.iter().map(|site| {
            let links: Vec<String> = site
                .links
                .iter()
                .map(|l| format!("{} {} {} ms", l.to, if l.up { "up" } else { "down" }, l.rtt_ms))
                .collect();
            vec![
                site.name.clone(),
                if site.reachable { "yes" } else { "no" }.to_owned(),
                format!("{}/{}", site.hosts_up, site.hosts),
                format!("{}/{}", site.vms_on, site.vms),
                links.join(", "),
            ]
        }),
    );
    Ok(Exit::Done)
}

async fn vms(client: &Client, site: Option<&str>) -> anyhow::Result<Exit> {
    let path = site
        .map_or_else(|| "/inventory/vms".to_owned(), |site| format!("/inventory/vms?site={site}"));
    let vms: Vec<VmDto> = client.list(&path).await?;
    if client.format == Format::Json {
        output::json(&vms)?;
        return Ok(Exit::Done);
    }
    output::table(
        &["vm", "site", "host", "power", "group", "protection"],
        vms.iter().map(|vm| {
            vec![
                vm.name.clone(),
                vm.site.clone(),
                vm.host.clone().unwrap_or_default(),
                vm.power.clone(),
                vm.group.clone().unwrap_or_default(),
                vm.protection.clone().unwrap_or_default(),
            ]
        }),
    );
    Ok(Exit::Done)
}
