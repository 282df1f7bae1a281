//! What people say to a run, by form.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use muster_plans::id::RunId;
use muster_web::form;
use muster_web::route;
use uuid::Uuid;

use crate::api::TheApp;
use crate::api::dto::{AnswerRequest, AttestRequest, CancelRequest, ResumeRequest, RuleRequest};
use crate::app::App;
use crate::auth::Privilege;
use crate::http::{Code, Form, Path, Problem, Who};
use crate::ops;

type Done = Result<Response, Problem>;

fn back(run: RunId) -> Done {
    Ok(Redirect::to(&route::run(&run.to_string())).into_response())
}

fn said(text: String) -> Option<String> {
    Some(text).filter(|text| !text.trim().is_empty())
}

/// Who may only test may only steer tests.
async fn steer(app: &App, who: &Who, privilege: Privilege, id: RunId) -> Result<(), Problem> {
    let (run, _) = ops::load_row(app, id).await?;
    who.may_steer(privilege, run.kind)
}

/// Answers a prompt.
pub(super) async fn answer(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Form(form): Form<form::Answer>,
) -> Done {
    steer(&app, &who, Privilege::RunAnswer, RunId(id)).await?;
    let go_on = match form.answer.as_str() {
        "continue" => true,
        "abort" => false,
        other => {
            let text = format!("`{other}` is no answer");
            return Err(Problem::new(Code::BadValue, text).help("say continue or abort"));
        }
    };
    let request = AnswerRequest { step: form.step, go_on, reason: said(form.reason) };
    ops::answer(&app, &who.asker(), RunId(id), &request).await?;
    back(RunId(id))
}

/// Gives one's word that a site cannot write.
pub(super) async fn attest(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Form(form): Form<form::Attest>,
) -> Done {
    if form.confirm.trim() != form.site {
        let text = format!("the name of the site was not typed: {}", form.site);
        return Err(Problem::new(Code::BadValue, text).help("go back and type it to confirm"));
    }
    let request = AttestRequest { site: form.site, reason: form.reason };
    ops::attest(&app, &who.asker(), RunId(id), &request).await?;
    back(RunId(id))
}

/// Says what became of a step.
pub(super) async fn rule(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Form(form): Form<form::Rule>,
) -> Done {
    steer(&app, &who, Privilege::RunRule, RunId(id)).await?;
    let request = RuleRequest { step: form.step, verdict: form.verdict, reason: form.reason };
    ops::rule(&app, &who.asker(), RunId(id), &request).await?;
    back(RunId(id))
}

/// Asks a run to stop.
pub(super) async fn cancel(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Form(form): Form<form::Reason>,
) -> Done {
    steer(&app, &who, Privilege::RunCancel, RunId(id)).await?;
    let request = CancelRequest { reason: said(form.reason) };
    ops::cancel(&app, &who.asker(), RunId(id), &request).await?;
    back(RunId(id))
}

/// Lets a halted run go on, or starts what a failover owes; goes to the run that goes on.
pub(super) async fn resume(
    State(app): TheApp,
    who: Who,
    Path(id): Path<Uuid>,
    Form(form): Form<form::Reason>,
) -> Done {
    steer(&app, &who, Privilege::RunResume, RunId(id)).await?;
    let request = ResumeRequest { reason: said(form.reason) };
    back(ops::resume(&app, &who.asker(), RunId(id), &request).await?)
}
