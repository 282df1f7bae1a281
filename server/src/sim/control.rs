//! The world's control API: break, heal, truth. For tests and demonstrations; the world listens on
//! loopback and knows no users.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use muster_adapter_sim::{Command, Sim, Thing};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::what::{What, parse_what};

/// What the control API holds.
#[derive(Clone)]
pub(super) struct Control {
    pub(super) sim: Arc<Sim>,
    pub(super) stop: Arc<Notify>,
}

/// The routes.
pub(super) fn router(control: Control) -> Router {
    Router::new()
        .route("/control/health", get(|| async { "ok" }))
        .route("/control/truth", get(truth))
        .route("/control/calls", get(calls))
        .route("/control/break", post(break_it))
        .route("/control/heal", post(heal))
        .route("/control/command", post(command))
        .route("/control/stop", post(stop))
        .with_state(control)
}

async fn truth(State(control): State<Control>) -> axum::Json<Value> {
    axum::Json(serde_json::to_value(control.sim.truth()).unwrap_or_default())
}

async fn calls(State(control): State<Control>) -> axum::Json<Value> {
    axum::Json(serde_json::to_value(control.sim.calls()).unwrap_or_default())
}

async fn break_it(State(control): State<Control>, axum::Json(what): axum::Json<What>) -> Response {
    change(&control, &what, Command::Break)
}

async fn heal(State(control): State<Control>, axum::Json(what): axum::Json<What>) -> Response {
    change(&control, &what, Command::Heal)
}

async fn command(
    State(control): State<Control>,
    axum::Json(command): axum::Json<Command>,
) -> Response {
    carry_out(&control, command, "command")
}

fn change(control: &Control, what: &What, make: impl FnOnce(Thing) -> Command) -> Response {
    match parse_what(what) {
        Ok(thing) => {
            let name = thing.to_string();
            carry_out(control, make(thing), &name)
        }
        Err(detail) => refused(detail),
    }
}

fn carry_out(control: &Control, command: Command, name: &str) -> Response {
    match control.sim.control(command) {
        Ok(()) => axum::Json(json!({"done": name})).into_response(),
        Err(error) => refused(error.to_string()),
    }
}

fn refused(detail: String) -> Response {
    (StatusCode::CONFLICT, axum::Json(json!({"detail": detail}))).into_response()
}

async fn stop(State(control): State<Control>) -> &'static str {
    control.stop.notify_one();
    "stopping"
}
