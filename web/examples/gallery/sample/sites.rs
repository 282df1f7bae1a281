use muster_web::chrome::{Live, Nav};
use muster_web::page::{BackendLine, LinkLine, SiteDetail, Sites, SitesBody, WitnessLine};
use muster_web::state::{Fence, Health, Sight};

use super::{DAY, HOUR, MIN, SEC, ago, chrome, strings};

pub(crate) fn sites() -> Sites {
    Sites {
        chrome: chrome("Sites", Nav::Sites),
        live: SitesBody {
            source: Live { fragment: "/sites/live".into(), events: String::new() },
            sites: vec![lyon(), nantes()],
            links: links(),
            witnesses: vec![WitnessLine {
                name: "w1".into(),
                health: Health::Up,
                sees: vec![
                    ("lyon".into(), Sight::Seen),
                    ("paris".into(), Sight::Silent),
                    ("nantes".into(), Sight::Dead),
                ],
                heard: Some(ago(2 * SEC)),
            }],
        },
    }
}

fn links() -> Vec<LinkLine> {
    vec![
        LinkLine {
            a: "lyon".into(),
            b: "paris".into(),
            health: Health::Up,
            rtt_ms: Some(4.7),
            bandwidth_mbps: Some(10_000.0),
            loss: Some(0.0),
            measured: Some(ago(20 * SEC)),
            note: "Live moves on stretched storage are possible; 0.3 ms below the array's limit of 5 ms.".into(),
        },
        LinkLine {
            a: "lyon".into(),
            b: "nantes".into(),
            health: Health::Down,
            rtt_ms: None,
            bandwidth_mbps: None,
            loss: Some(1.0),
            measured: Some(ago(4 * HOUR)),
            note: "Nothing passes since 22:38 UTC.".into(),
        },
    ]
}

fn lyon() -> SiteDetail {
    SiteDetail {
        name: "lyon".into(),
        health: Health::Up,
        since: Some(ago(41 * DAY)),
        read: Some(ago(31 * SEC)),
        notes: vec![],
        fence: Fence::Open,
        fence_level: "agent enforced".into(),
        hosts: (7, 8),
        vms: 412,
        storage_gib: (71_230, 98_304),
        backends: vec![
            BackendLine {
                name: "lyon-compute".into(),
                kind: "sim".into(),
                roles: strings(&["hypervisor", "network"]),
                health: Health::Up,
                capabilities: strings(&[
                    "register",
                    "unregister",
                    "power-on",
                    "power-off",
                    "shutdown",
                    "migrate",
                    "customize-ip",
                    "create-bubble",
                    "drop-bubble",
                ]),
                note: String::new(),
            },
            BackendLine {
                name: "lyon-array".into(),
                kind: "remote".into(),
                roles: strings(&["storage", "fencing"]),
                health: Health::Degraded,
                capabilities: strings(&["sync", "promote", "demote", "reverse"]),
                note: "It cannot take a snapshot for a test; plans on it cannot be tested.".into(),
            },
        ],
    }
}

fn nantes() -> SiteDetail {
    SiteDetail {
        name: "nantes".into(),
        health: Health::Down,
        since: Some(ago(4 * HOUR)),
        read: Some(ago(4 * HOUR + 3 * MIN)),
        notes: strings(&[
            "The agent has not answered for 4 h. What is shown was read before.",
            "It is fenced at lyon: it stays read-only when it comes back, until the owed steps are done.",
        ]),
        fence: Fence::Fenced,
        fence_level: "none".into(),
        hosts: (0, 6),
        vms: 208,
        storage_gib: (60_100, 65_536),
        backends: vec![],
    }
}

pub(crate) fn sites_empty() -> Sites {
    Sites {
        chrome: chrome("Sites", Nav::Sites),
        live: SitesBody {
            source: Live::default(),
            sites: vec![],
            links: vec![],
            witnesses: vec![],
        },
    }
}
