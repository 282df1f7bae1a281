//! The simulated world behind a demo: break, heal, examine.

use axum::extract::State;
use serde_json::Value;

use super::{Answer, TheApp};
use crate::app::App;
use crate::http::{Code, Json, Problem};
use crate::sim::{SimClient, What};

fn world(app: &App) -> Result<&SimClient, Problem> {
    app.sim.as_ref().ok_or_else(|| {
        Problem::new(Code::NoSimulation, "this server has no simulated world")
            .help("start one with muster demo, or name one with muster serve --sim-url")
    })
}

fn refused(error: anyhow::Error) -> Problem {
    Problem::new(Code::SimulationRefused, format!("{error:#}"))
}

/// The ground truth of the world.
#[utoipa::path(get, path = "/api/v1/sim/truth", tag = "sim", responses((status = 200, body = Object)))]
pub(crate) async fn truth(State(app): TheApp) -> Answer<Value> {
    Ok(Json(world(&app)?.truth().await.map_err(refused)?))
}

/// Breaks something.
#[utoipa::path(post, path = "/api/v1/sim/break", tag = "sim", request_body = Object,
    responses((status = 200, body = Object)))]
pub(crate) async fn break_it(State(app): TheApp, Json(what): Json<What>) -> Answer<Value> {
    change(&app, "break", &what).await
}

/// Heals it.
#[utoipa::path(post, path = "/api/v1/sim/heal", tag = "sim", request_body = Object,
    responses((status = 200, body = Object)))]
pub(crate) async fn heal(State(app): TheApp, Json(what): Json<What>) -> Answer<Value> {
    change(&app, "heal", &what).await
}

async fn change(app: &App, verb: &str, what: &What) -> Answer<Value> {
    let body = serde_json::to_value(what).unwrap_or_default();
    let answer = world(app)?.change(verb, &body).await.map_err(refused)?;
    app.look_again.notify_one();
    Ok(Json(answer))
}
