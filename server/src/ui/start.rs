//! The form that starts a run, and starting it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use muster_plans::id::PlanName;
use muster_web::form;
use muster_web::page::{FieldError, StartValues};
use muster_web::route;
use muster_web::state::RunKind;

use super::chrome::At;
use super::start_page::{Shown, digest_of, must_confirm, page};
use super::{render, render_as, words};
use crate::api::TheApp;
use crate::api::dto::StartRun;
use crate::app::App;
use crate::auth::Privilege;
use crate::http::{Code, Form, Path, Problem, Query, Who};
use crate::ops;
use crate::tasks::inventory;

/// What would happen. Starts nothing.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Query(query): Query<form::StartQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let values = StartValues { forced: query.forced, ..StartValues::default() };
    let shown = Shown { name, kind: kind(&query.kind)?, values, errors: Vec::new() };
    Ok(render(&page(&app, &who, &At::of(&uri, &headers), shown).await?))
}

/// Starts exactly what was shown, or nothing.
pub(super) async fn start(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<form::Start>,
) -> Result<Response, Problem> {
    let kind = kind(&form.kind)?;
    who.may_start(words::start_kind(kind))?;
    if form.attest {
        who.may(Privilege::RunAttest)?;
    }
    let (status, errors) = match attempt(&app, &who, &name, kind, &form).await? {
        Ok(run) => return Ok(Redirect::to(&route::run(&run)).into_response()),
        Err(refused) => refused,
    };
    let values = StartValues {
        confirm: form.confirm,
        reason: form.reason,
        forced: form.forced,
        attest: form.attest,
        attest_reason: form.attest_reason,
    };
    let shown = Shown { name, kind, values, errors };
    // What this answers to cannot be gone back to: that is the page with the form.
    let at = At { here: route::start(&shown.name, kind.slug()), ..At::of(&uri, &headers) };
    Ok(render_as(status, &page(&app, &who, &at, shown).await?))
}

fn kind(slug: &str) -> Result<RunKind, Problem> {
    RunKind::from_slug(slug).ok_or_else(|| {
        let kinds: Vec<&str> = RunKind::ALL.iter().map(|kind| kind.slug()).collect();
        Problem::new(Code::BadValue, format!("`{slug}` is no kind of run"))
            .help(format!("say {}", kinds.join(", ")))
    })
}

type Refusal = (StatusCode, Vec<FieldError>);

async fn attempt(
    app: &Arc<App>,
    who: &Who,
    name: &str,
    kind: RunKind,
    form: &form::Start,
) -> Result<Result<String, Refusal>, Problem> {
    let errors = mistakes(name, kind, form);
    if !errors.is_empty() {
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, errors)));
    }
    if !is_what_was_shown(app, name, kind, form).await? {
        let text = "What would be started has changed since you read this page. Read it again.";
        return Ok(Err((StatusCode::CONFLICT, vec![whole(text)])));
    }
    match ops::start(app, &who.asker(), &wish(name, kind, form)).await {
        Ok(run) => Ok(Ok(run.id.to_string())),
        Err(refused) => {
            let said = [refused.detail.as_str(), refused.help.as_str()];
            let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
            let mut errors = vec![whole(&said.join(": "))];
            errors.extend(refused.findings.iter().map(|finding| whole(&finding.message)));
            Ok(Err((refused.code.status(), errors)))
        }
    }
}

fn whole(text: &str) -> FieldError {
    FieldError { field: String::new(), text: text.to_owned() }
}

/// What is wrong with the fields themselves.
fn mistakes(name: &str, kind: RunKind, form: &form::Start) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong =
        |field: &str, text: String| errors.push(FieldError { field: field.to_owned(), text });
    if must_confirm(kind) && form.confirm.trim() != name {
        wrong("confirm", format!("Type the plan's name, {name}, to confirm."));
    }
    if form.attest && form.attest_reason.trim().is_empty() {
        wrong("attest_reason", "Say how you know; it is kept beside your name.".to_owned());
    }
    errors
}

/// Compares digests against what is there now. Whether forced was ticked is part of the form, so
/// either graph may be the one that the page described.
async fn is_what_was_shown(
    app: &Arc<App>,
    name: &str,
    kind: RunKind,
    form: &form::Start,
) -> Result<bool, Problem> {
    inventory::round(app).await;
    let plan = PlanName::from(name);
    for forced in [form.forced, !form.forced] {
        if forced && kind != RunKind::Failover {
            continue;
        }
        if digest_of(app, &plan, kind, forced).await? == form.digest {
            return Ok(true);
        }
    }
    Ok(false)
}

fn wish(name: &str, kind: RunKind, form: &form::Start) -> StartRun {
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let failover = kind == RunKind::Failover;
    StartRun {
        forced: failover && form.forced,
        attest: if form.attest { text(&form.attest_reason) } else { None },
        // The page names each point's age and says that typing the name accepts the loss.
        accept_data_loss: failover,
        reason: text(&form.reason),
        ..StartRun::of(name, words::start_kind(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(form: &form::Start) -> Vec<String> {
        mistakes("erp", RunKind::Failover, form).into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_failover_is_confirmed_by_the_name_of_its_plan() {
        let mut form = form::Start { confirm: "shop".into(), ..Default::default() };
        assert_eq!(fields(&form), ["confirm"]);
        form.confirm = " erp ".into();
        assert!(fields(&form).is_empty());
        assert!(mistakes("erp", RunKind::Test, &form::Start::default()).is_empty());
    }

    #[test]
    fn a_word_needs_a_reason() {
        let mut form = form::Start { confirm: "erp".into(), attest: true, ..Default::default() };
        assert_eq!(fields(&form), ["attest_reason"]);
        form.attest_reason = "power is cut".into();
        assert!(fields(&form).is_empty());
        assert_eq!(wish("erp", RunKind::Failover, &form).attest.as_deref(), Some("power is cut"));
    }

    #[test]
    fn a_word_that_was_not_given_is_not_taken() {
        let form = form::Start { attest_reason: "perhaps".into(), ..Default::default() };
        assert_eq!(wish("erp", RunKind::Failover, &form).attest, None);
        assert!(!wish("erp", RunKind::Test, &form).accept_data_loss);
    }
}
