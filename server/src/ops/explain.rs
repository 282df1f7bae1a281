//! Why a VM is in a plan, and how it would be recovered.

use muster_plans::explain::explain as explain_vm;
use muster_plans::id::PlanName;
use serde_json::{Value, json};

use super::compile::with_request;
use super::{Refused, Standing, Wanted};
use crate::api::dto::StartKind;
use crate::app::App;

/// Explains one VM of a plan.
///
/// # Errors
/// Where there is no such plan or VM.
pub async fn explain(
    app: &App,
    plan: &PlanName,
    standing: &Standing,
    vm: &str,
) -> Result<Value, Refused> {
    let landscape = app.current.get();
    let wanted = Wanted::of(StartKind::Planned);
    with_request(app, &landscape, plan, standing, &wanted, |request| {
        explain_vm(request, vm).map(|explanation| {
            let text = explanation.to_string();
            json!({"plan": plan, "vm": vm, "text": text, "explanation": explanation})
        })
    })
    .await
}
