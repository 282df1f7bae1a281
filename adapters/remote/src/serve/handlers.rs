//! One function per endpoint. None of them decides anything.

use axum::Json;
use axum::extract::State;
use muster_contract::{
    Capabilities, Observed, OpStatus, Outcome, PROTOCOL_VERSION, Query, Receipt, Token,
};
use muster_plans::inventory::SiteInventory;

use super::Shared;
use super::extract::{OperationId, Site, Strict, TimeLeft};
use crate::problem::Problem;
use crate::wire::{FenceRequest, Health, OperationRequest, Surroundings};

type Answer<T> = Result<Json<T>, Problem>;

pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok".to_owned(), protocol: PROTOCOL_VERSION })
}

pub(crate) async fn capabilities(Site(site): Site) -> Answer<Capabilities> {
    Ok(Json(site.capabilities().await?))
}

pub(crate) async fn inventory(Site(site): Site) -> Answer<SiteInventory> {
    Ok(Json(site.inventory().await?))
}

pub(crate) async fn surroundings(Site(site): Site) -> Answer<Surroundings> {
    let (links, witnesses) = site.surroundings().await?;
    Ok(Json(Surroundings { links, witnesses }))
}

pub(crate) async fn query(Site(site): Site, Strict(query): Strict<Query>) -> Answer<Observed> {
    Ok(Json(site.query(&query).await?))
}

pub(crate) async fn execute(
    State(shared): State<Shared>,
    Site(site): Site,
    TimeLeft(left): TimeLeft,
    Strict(request): Strict<OperationRequest>,
) -> Json<Outcome<Receipt>> {
    let OperationRequest { mut context, operation } = request;
    if let (Some(now), Some(left)) = (&shared.now, left) {
        context.deadline = now() + left;
    }
    let work = async move { site.execute(&context, &operation).await };
    Json(mutation(&shared, work).await)
}

pub(crate) async fn operation(Site(site): Site, OperationId(id): OperationId) -> Answer<OpStatus> {
    Ok(Json(site.operation(&id).await?))
}

pub(crate) async fn cancel(
    State(shared): State<Shared>,
    Site(site): Site,
    OperationId(id): OperationId,
) -> Json<Outcome<()>> {
    Json(mutation(&shared, async move { site.cancel(&id).await }).await)
}

pub(crate) async fn raise_fence(
    State(shared): State<Shared>,
    Site(site): Site,
    Strict(request): Strict<FenceRequest>,
) -> Json<Outcome<Token>> {
    let FenceRequest { domain, token } = request;
    Json(mutation(&shared, async move { site.raise_fence(&domain, token).await }).await)
}

/// Runs to its end also where the caller goes away; a panic leaves the outcome open.
async fn mutation<T: Send + 'static>(
    shared: &Shared,
    work: impl Future<Output = Outcome<T>> + Send + 'static,
) -> Outcome<T> {
    let cut_off = |_| Outcome::unknown("the agent was cut off while it worked on this");
    shared.tasks.run(work).await.unwrap_or_else(cut_off)
}
