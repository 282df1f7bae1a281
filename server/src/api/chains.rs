//! Failbacks: runs that follow one another.

use axum::extract::State;
use muster_store::{Chain, RunFilter};
use uuid::Uuid;

use super::dto::{ChainDto, instant};
use super::{Answer, TheApp};
use crate::app::App;
use crate::http::{Code, Json, Path, Problem};
use crate::ops::FAILBACK_STAGES;
use crate::view;

/// One failback, with its runs in their order.
#[utoipa::path(get, path = "/api/v1/chains/{id}", tag = "runs",
    params(("id" = String, Path)), responses((status = 200, body = ChainDto)))]
pub(crate) async fn show(State(app): TheApp, Path(id): Path<Uuid>) -> Answer<ChainDto> {
    let chain = app.store.chains().get(id).await?;
    let chain =
        chain.ok_or_else(|| Problem::new(Code::NotFound, format!("there is no chain {id}")))?;
    Ok(Json(dto(&app, chain).await?))
}

async fn dto(app: &App, chain: Chain) -> Result<ChainDto, Problem> {
    let filter = RunFilter { chain: Some(chain.id), ..RunFilter::default() };
    let runs = app.store.runs().list(&filter, None, FAILBACK_STAGES as u64).await?;
    Ok(ChainDto {
        id: chain.id.to_string(),
        plan: chain.plan.to_string(),
        kind: chain.kind,
        state: chain.ending.unwrap_or_else(|| "running".to_owned()),
        started_by: chain.started_by,
        started_at: instant(chain.created_at),
        runs: runs.items.iter().rev().map(|run| view::run::line(app, run)).collect(),
    })
}
