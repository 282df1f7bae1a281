//! Pages of lists, against the length of the list.

use muster_plans::id::RunId;
use muster_plans::run::RunKind;
use muster_plans::time::{Span, Time};
use muster_store::{CreateRun, Run, RunFilter, Store};

use super::open;
use crate::clock::{median, ms, now};
use crate::report::Report;

const PAGE: u64 = 100;

pub(super) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let mut before: Option<(u64, f64)> = None;
    let sizes: &[u64] = if report.quick { &[200, 2_000] } else { &[200, 2_000, 20_000] };
    let folder = tempfile::tempdir()?;
    let store = open(folder.path()).await?;
    let mut made = 0;
    for &runs in sizes {
        for n in made..runs {
            create(&store, n).await?;
        }
        made = runs;
        let first = page(&store, None).await?;
        let middle = page(&store, Some(id(runs / 2 + PAGE))).await?;
        report.plain(format!("first page of {runs} runs"), first, "ms");
        report.plain(format!("middle page of {runs} runs"), middle, "ms");
        if let Some((fewer, cost)) = before {
            let name = format!("middle page of {runs} runs : of {fewer}");
            report.plain(name, middle / cost, "(1 = flat)");
        }
        before = Some((runs, middle));
    }
    Ok(())
}

/// Milliseconds for one page.
async fn page(store: &Store, before: Option<RunId>) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..21 {
        let start = now();
        let page = store.runs().list(&RunFilter::default(), before, PAGE).await?;
        times.push(start.elapsed());
        anyhow::ensure!(page.items.len() as u64 == PAGE, "{} items", page.items.len());
    }
    Ok(ms(median(times)))
}

/// The nth run; later ones are newer.
pub(super) fn id(n: u64) -> RunId {
    RunId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n)))
}

/// Makes the nth run.
pub(super) async fn create(store: &Store, n: u64) -> anyhow::Result<()> {
    let run = Run {
        id: id(n),
        plan: "erp".into(),
        kind: RunKind::Failover,
        created_at: Time(1_750_000_000_000) + Span::secs(n),
        started_by: String::from("ines"),
        reason: None,
        graph_digest: String::from("none"),
        chain: None,
        tag: None,
        state: String::from("running"),
        summary: serde_json::json!({"steps": 3}),
        active: true,
        ending: None,
        ended_at: None,
    };
    let new = CreateRun {
        approval: None,
        run,
        graph: String::from(r#"{"steps":[]}"#),
        groups: vec![format!("group-{n}").into()],
        plan_state: None,
        chain: None,
        request: None,
        audit: Vec::new(),
    };
    Ok(store.runs().create(new).await?)
}
