use muster_web::page::{
    ConsistencyGroup, ErrorPage, Gap, Group, GroupLine, Groups, Inventory, Leg, Member, NotFound,
    PlanLine, Plans, Points, Recovery, Runs, SignIn, SiteCoverage, VmLine,
};
use muster_web::part::{Choice, Finding, Paging};
use muster_web::state::{
    Compliance, Level, Power, Protection, Readiness, Replication, RunKind, RunState,
};
use muster_web::{Chrome, Nav, Theme};

use super::{DAY, HOUR, MIN, NOW, SEC, ago, chrome, run_line, strings};

/// A name that tries everything that names have tried on other consoles.
pub(crate) fn hostile_name() -> &'static str {
    r#""><script>alert(1)</script><b onmouseover='x()'>{{7*7}}</b>&amp;/../?a=b#c"#
}

pub(crate) fn sign_in(error: Option<&str>) -> SignIn {
    SignIn {
        chrome: Chrome { version: "0.1.0".into(), ..Chrome::new("Sign in", Nav::None) },
        next: "/runs/r1".into(),
        user: if error.is_some() { "mara".into() } else { String::new() },
        error: error.map(str::to_owned),
        notice: error.is_none().then(|| "Sign in to go on to what you asked for.".to_owned()),
    }
}

pub(crate) fn groups(empty: bool) -> Groups {
    let line = |name: &str, readiness, text: &str| GroupLine {
        name: name.into(),
        from: "paris".into(),
        to: "lyon".into(),
        policies: strings(&["gold-metro"]),
        readiness,
        finding: (!text.is_empty()).then(|| Finding::new(Level::Warning, text)),
        protected: 36,
        partly: if text.is_empty() { 0 } else { 2 },
        excluded: u32::from(!text.is_empty()),
        rpo_ms: text.is_empty().then_some(42_000),
        plans: if name == "orphan" { vec![] } else { strings(&["erp", "erp-live"]) },
    };
    Groups {
        chrome: chrome("Protection groups", Nav::Groups),
        groups: match empty {
            true => vec![],
            false => vec![
                line(
                    "erp-async",
                    Readiness::Warnings,
                    "erp-report-02 is only partly protected: disk 2 has no policy.",
                ),
                line("erp-metro", Readiness::Ready, ""),
                line("orphan", Readiness::Ready, ""),
            ],
        },
        coverage: match empty {
            true => vec![],
            false => vec![
                SiteCoverage { site: "lyon".into(), protected: 120, partly: 0, unprotected: 0 },
                SiteCoverage { site: "paris".into(), protected: 1_902, partly: 3, unprotected: 12 },
            ],
        },
    }
}

fn member(i: usize) -> Member {
    let protection =
        [Protection::Protected, Protection::Protected, Protection::Partly, Protection::Excluded]
            [i % 4];
    let whole = protection == Protection::Protected;
    Member {
        vm: format!("erp-app-{i:03}"),
        protection,
        reasons: match protection {
            Protection::Partly => strings(&["Disk 2 lies on paris-scratch and has no policy."]),
            Protection::Excluded => strings(&["Its volumes replicate to nantes and not to lyon."]),
            _ => vec![],
        },
        objects: (if whole { 4 } else { 3 }, 4),
        policies: strings(&["gold-metro", "silver-async"]),
        compliance: if whole { Compliance::Compliant } else { Compliance::NonCompliant },
        consistency: strings(&["cg-erp"]),
        rpo_ms: whole.then_some(42_000),
    }
}

pub(crate) fn group(members: usize, name: &str) -> Group {
    Group {
        chrome: chrome(name, Nav::Groups),
        name: name.into(),
        from: "paris".into(),
        to: "lyon".into(),
        policies: strings(&["gold-metro", "silver-async"]),
        filter: "app: erp".into(),
        generation: 17,
        derived: Some(ago(31 * SEC)),
        plans: if members == 0 { vec![] } else { vec!["erp".into()] },
        readiness: Readiness::Warnings,
        findings: vec![
            Finding {
                code: "torn-consistency-group".into(),
                place: "vm/erp-report-02".into(),
                ..Finding::new(Level::Warning, "The consistency group cg-report also holds volumes of bi-01, which is no member.")
                    .help("Give bi-01 the policy silver-async too, or move its volumes to a group of their own.")
            },
        ],
        counts: (members as u32 / 2, members as u32 / 4, members as u32 / 4),
        q: String::new(),
        states: Choice::list("all", &[("protected", "protected"), ("partly", "partly"), ("excluded", "excluded")], ""),
        members: (0..members).map(member).collect(),
        paging: Paging::whole(members),
        consistency: if members == 0 { vec![] } else { consistency() },
        gaps: match members {
            0 => vec![],
            _ => vec![Gap {
                vm: "erp-report-02".into(),
                objects: strings(&["disk 2"]),
                reason: "The disk has no storage policy.".into(),
                help: "Give it gold-metro, or exclude the VM by a tag.".into(),
            }],
        },
        yaml: "apiVersion: muster/v1\nkind: ProtectionGroup\nmetadata: {name: erp-metro}\nspec:\n  sites: {protected: paris, recovery: lyon}\n  policies: [gold-metro, silver-async]\n  where: {tags: {app: erp}}\n".into(),
    }
}

fn consistency() -> Vec<ConsistencyGroup> {
    let cg = |id: &str, mode: &str, replication, note: &str, lag| ConsistencyGroup {
        id: id.into(),
        mode: mode.into(),
        replication,
        note: note.into(),
        lag_ms: lag,
        legs: vec![
            Leg { site: "paris".into(), role: "source".into(), writable: true, generation: 4 },
            Leg { site: "lyon".into(), role: "target".into(), writable: false, generation: 4 },
        ],
        volumes: (0..12).map(|i| format!("naa.60002ac00000000000{i:04x}")).collect(),
        vms: 9,
        points: lag.map(|_| Points { newest: ago(42 * SEC), oldest: ago(6 * HOUR), count: 24 }),
        preference: if mode == "stretched" {
            "Prefers paris; no automatic winner on a detach.".into()
        } else {
            String::new()
        },
    };
    vec![
        cg("cg-erp", "stretched", Replication::InSync, "", Some(0)),
        cg(
            "cg-report",
            "async, every 5 min",
            Replication::Behind,
            "9 min 12 s behind an objective of 5 min.",
            Some(552_000),
        ),
        cg(
            "cg-archive",
            "async, every 1 h",
            Replication::Stopped,
            "Suspended at the array by an operator.",
            None,
        ),
    ]
}

pub(crate) fn plans(empty: bool) -> Plans {
    let line = |name: &str, readiness, text: &str| PlanLine {
        name: name.into(),
        description: "ERP with its databases and reports".into(),
        from: "paris".into(),
        to: "lyon".into(),
        groups: strings(&["erp-metro", "erp-async"]),
        vms: 38,
        readiness,
        finding: (!text.is_empty()).then(|| Finding::new(Level::Error, text)),
        rto_ms: (Some(1_160_000), Some(1_800_000)),
        rpo_ms: (text.is_empty().then_some(42_000), Some(300_000)),
        tested: text.is_empty().then(|| (ago(6 * DAY), RunState::Succeeded)),
        may_test: text.is_empty(),
        srm: "READY_STATE".into(),
    };
    Plans {
        chrome: chrome("Recovery plans", Nav::Plans),
        plans: match empty {
            true => vec![],
            false => vec![
                line("erp", Readiness::Busy, ""),
                line("intranet", Readiness::Ready, ""),
                line(
                    "mail",
                    Readiness::NotReady,
                    "The consistency group cg-mail-2 is stopped at lyon.",
                ),
            ],
        },
    }
}

pub(crate) fn runs(count: usize, filtered: bool) -> Runs {
    let states = [
        RunState::Waiting,
        RunState::Running,
        RunState::Succeeded,
        RunState::Warnings,
        RunState::Halted,
        RunState::Undone,
    ];
    let notes = [
        "Check the queue, then go on",
        "",
        "",
        "2 steps are owed at paris",
        "Promote storage of cg-erp failed at lyon",
        "Cancelled before the pivot",
    ];
    Runs {
        chrome: chrome("Runs", Nav::Runs),
        plans: Choice::list(
            "all",
            &[("erp", "erp"), ("mail", "mail")],
            if filtered { "mail" } else { "" },
        ),
        kinds: Choice::list("all", &RunKind::ALL.map(|kind| (kind.slug(), kind.title())), ""),
        states: Choice::list("all", &[("failed", "failed")], ""),
        runs: (0..count)
            .map(|i| {
                let kind = RunKind::ALL[i % RunKind::ALL.len()];
                run_line(
                    &format!("0195{i:04}"),
                    kind,
                    states[i % 6],
                    i as i64 * 7 * HOUR + MIN,
                    notes[i % 6],
                )
            })
            .collect(),
        paging: Paging {
            next: (count > 100).then(|| "/runs?skip=1000".into()),
            total: count as u64 * 3,
            ..Paging::whole(count)
        },
    }
}

pub(crate) fn inventory(count: usize, filtered: bool) -> Inventory {
    Inventory {
        chrome: chrome("Inventory", Nav::Inventory),
        q: if filtered { "nothing-like-this".into() } else { String::new() },
        sites: Choice::list("all", &[("lyon", "lyon"), ("paris", "paris")], ""),
        protections: Choice::list(
            "all",
            &[("partly", "partly protected"), ("unprotected", "not protected")],
            "",
        ),
        vms: (0..count).map(vm).collect(),
        paging: Paging::whole(count),
        read: vec![
            ("lyon".into(), Some(ago(31 * SEC))),
            ("nantes".into(), None),
            ("paris".into(), Some(ago(12 * SEC))),
        ],
    }
}

fn vm(i: usize) -> VmLine {
    let protection = Protection::ALL[i % 4];
    VmLine {
        name: format!("erp-db-{i:02}"),
        id: format!("4207f1b2-0000-4000-8000-{i:012}"),
        site: "paris".into(),
        host: format!("paris-h{}", i % 8 + 1),
        power: Power::ALL[i % 4],
        vcpus: 8,
        memory_mib: 65_536,
        disks: (3, 1_480),
        policies: if i % 4 == 3 { vec![] } else { strings(&["gold-metro"]) },
        compliance: [
            Compliance::Compliant,
            Compliance::OutOfDate,
            Compliance::NonCompliant,
            Compliance::NotApplicable,
        ][i % 4],
        protection,
        reason: match protection {
            Protection::Partly => "Disk 2 has no policy.".into(),
            Protection::Excluded => "Its volumes replicate to nantes.".into(),
            _ => String::new(),
        },
        groups: if i % 4 < 2 { strings(&["erp-metro"]) } else { vec![] },
        plans: if i.is_multiple_of(4) { strings(&["erp"]) } else { vec![] },
    }
}

pub(crate) fn error(run: bool) -> ErrorPage {
    ErrorPage {
        chrome: Chrome { theme: Theme::System, ..chrome("Error", Nav::None) },
        status: if run { 409 } else { 503 },
        code: if run { "graph-changed".into() } else { "database-busy".into() },
        message: if run {
            "The plan changed while you were reading: nothing was done.".into()
        } else {
            "The server could not write to its database.".into()
        },
        help: strings(&[
            "Look at the plan again and repeat what you wanted to do.",
            "If this comes back, somebody else is editing it: see the history.",
        ]),
        links: vec![Recovery { label: "The plan erp".into(), href: "/plans/erp".into() }],
        request_id: "01957f3e-8a01-7c22-b1f4-6d0b6a2f9a11".into(),
        run: run.then(|| "r1".into()),
    }
}

pub(crate) fn not_found(similar: bool) -> NotFound {
    NotFound {
        chrome: chrome("Not found", Nav::None),
        what: if similar { "plan erq".into() } else { String::new() },
        path: if similar { "/plans/erq".into() } else { format!("/x/{}", "long/".repeat(40)) },
        similar: if similar {
            vec![Recovery { label: "erp".into(), href: "/plans/erp".into() }]
        } else {
            vec![]
        },
        request_id: format!("req-{NOW}"),
    }
}
