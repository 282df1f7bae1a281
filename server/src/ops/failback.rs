//! Failback: reprotect, planned migration back, reprotect. One command, three runs, one report.

use std::sync::Arc;

use muster_engine::Ending;
use muster_plans::id::PlanName;
use muster_plans::state::Phase;
use muster_plans::time::Span;
use muster_store::{Chain, ChainChange, Run, RunFilter};

use super::start::{read_first, start_one};
use super::{Asker, Refused, standing_of};
use crate::api::dto::{StartKind, StartRun};
use crate::app::App;
use crate::http::Code;
use crate::ids;

/// How many runs a failback is. A plan that was reprotected already begins with the second.
pub const FAILBACK_STAGES: usize = 3;

/// How long the next run of a failback is tried while its plan is not ready.
const PATIENCE: Span = Span::mins(10);

const STAGES: [StartKind; FAILBACK_STAGES] =
    [StartKind::Reprotect, StartKind::Planned, StartKind::Reprotect];

/// Starts the first run. The caller holds `app.starting`.
pub(super) async fn begin(
    app: &Arc<App>,
    asker: &Asker,
    plan: &PlanName,
    wish: &StartRun,
) -> Result<Run, Refused> {
    let standing = standing_of(app, plan).await?;
    let first = usize::from(standing.state.phase == Phase::Idle && standing.state.is_reversed());
    let chain = Chain {
        id: ids::chain_id(),
        plan: plan.clone(),
        kind: "failback".to_owned(),
        created_at: app.now(),
        started_by: asker.by.clone(),
        stage: u32::try_from(first).unwrap_or(0),
        json: serde_json::to_string(wish).unwrap_or_default(),
        ending: None,
        version: 1,
    };
    let stage = StartRun { kind: STAGES[first], ..wish.clone() };
    start_one(app, asker, plan, &stage, Some((chain.id, ChainChange::Begin(chain)))).await
}

/// Goes on with a chain whose newest run has ended: starts the next run, or ends the chain. Coming
/// round again does nothing twice, because the next run and the chain's new stage are stored
/// together.
///
/// # Errors
/// Where the store does not answer.
pub async fn advance(app: &Arc<App>, chain: &Chain) -> Result<(), Refused> {
    let filter = RunFilter { chain: Some(chain.id), ..RunFilter::default() };
    let page = app.store.runs().list(&filter, None, 1).await?;
    let Some(newest) = page.items.into_iter().next() else { return Ok(()) };
    let ended = match newest.ending {
        None => return Ok(()),
        Some(Ending::Halted) => return Ok(()),
        Some(ending) => ending,
    };
    let good = matches!(ended, Ending::Succeeded | Ending::SucceededWithWarnings);
    let next = chain.stage as usize + 1;
    if !good || next >= FAILBACK_STAGES {
        let word = if good { "succeeded" } else { "stopped" };
        return end(app, chain, word).await;
    }
    start_stage(app, chain, next, &newest).await
}

async fn start_stage(
    app: &Arc<App>,
    chain: &Chain,
    next: usize,
    after: &Run,
) -> Result<(), Refused> {
    let wish: StartRun = serde_json::from_str(&chain.json)
        .unwrap_or_else(|_| StartRun::of(chain.plan.as_str(), StartKind::Failback));
    // What was read before was the graph of the first run.
    let stage = StartRun { kind: STAGES[next], expected_digest: None, ..wish };
    let advanced = Chain { stage: u32::try_from(next).unwrap_or(0), ..chain.clone() };
    let asker = Asker::server(&chain.started_by);
    let started = {
        let _one_at_a_time = read_first(app, &chain.plan).await?;
        let change = (chain.id, ChainChange::Advance(advanced));
        start_one(app, &asker, &chain.plan, &stage, Some(change)).await
    };
    match started {
        Ok(_) => Ok(()),
        // A site that has just come back may still be starting its hosts: the chain comes round.
        Err(refused) if refused.code == Code::PlanNotReady && is_recent(app, after) => Ok(()),
        Err(refused) => {
            tracing::warn!(plan.name = %chain.plan, run.id = %after.id, error = %refused, "the failback stops");
            end(app, chain, &format!("refused: {refused}")).await
        }
    }
}

fn is_recent(app: &App, run: &Run) -> bool {
    run.ended_at.is_some_and(|ended| app.now().since(ended) <= PATIENCE)
}

async fn end(app: &App, chain: &Chain, ending: &str) -> Result<(), Refused> {
    let ended = Chain { ending: Some(ending.to_owned()), ..chain.clone() };
    app.store.chains().change(&ChainChange::Advance(ended)).await?;
    Ok(())
}
